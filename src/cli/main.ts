import { environment, readConfig } from '../config.ts';
import { Failure } from '../errors.ts';
import { resolvePaths } from '../paths.ts';
import { type CommandLine, parseCommandLine } from './command-line.ts';
import type { CommandName } from './commands.ts';
import type { Context, RunCommand } from './context.ts';
import { renderFailure } from './render-failure.ts';
import { terminalText } from './terminal-text.ts';
import { writeAll } from './write-all.ts';

const STDOUT = 1;
const STDERR = 2;

// Imported when called: a launch must not pay for the commands it does not run.
const RUN: Record<CommandName, () => Promise<RunCommand>> = {
  status: async () => (await import('./status.ts')).status,
  serve: async () => (await import('./serve.ts')).serve,
  restart: async () => (await import('./restart.ts')).restart,
  stop: async () => (await import('./stop.ts')).stop,
  logs: async () => (await import('./logs.ts')).logs,
  cert: async () => (await import('./cert.ts')).cert,
  approve: async () => (await import('./approve.ts')).approve,
  clients: async () => (await import('./clients.ts')).clients,
  'upstream list': async () => (await import('./upstream/list.ts')).upstreamList,
  'upstream add': async () => (await import('./upstream/add.ts')).upstreamAdd,
  'upstream remove': async () => (await import('./upstream/remove.ts')).upstreamRemove,
  'upstream enable': async () => (await import('./upstream/enable.ts')).upstreamEnable,
  'upstream disable': async () => (await import('./upstream/enable.ts')).upstreamDisable,
  'upstream import': async () => (await import('./upstream/import.ts')).upstreamImport,
  completion: async () => (await import('./completion.ts')).completion,
  help: async () => (await import('./help.ts')).help,
  version: async () => (await import('./version.ts')).version,
  headers: async () => (await import('./headers.ts')).headers,
};

function currentDirectory(): string {
  try {
    return process.cwd();
  } catch (cause) {
    const hint = 'change to a directory that exists';
    throw new Failure('NOT_FOUND', 'the current directory was removed', { hint, cause });
  }
}

function print(text: string): boolean {
  const end = writeAll(STDOUT, text);
  if (end === 'full') throw new Failure('DISK_FULL', 'no space left to write the output');
  return end === 'whole';
}

function createContext(): Context {
  const env = environment();
  const config = readConfig(env);
  return {
    config,
    env,
    paths: resolvePaths(config, env),
    get cwd() {
      return currentDirectory();
    },
    get stdin() {
      return process.stdin;
    },
    print,
    warn: (text) =>
      void writeAll(STDERR, `claude-secure: ${terminalText(text).replaceAll('\n', '\n  | ')}\n`),
  };
}

async function run(line: CommandLine): Promise<number> {
  const context = createContext();
  if (line.kind === 'ours') return (await RUN[line.name]())(context, line);
  if (line.kind === 'help-of') {
    const { commandHelp } = await import('./help.ts');
    context.print(line.commands.map(commandHelp).join('\n'));
    return 0;
  }
  const { launch } = await import('./launch.ts');
  return launch(context, line);
}

/** Before claude runs every failure of ours is 125, but for those that env(1) and its like tell apart. */
function launchExit(error: unknown): number {
  const exit = error instanceof Failure ? error.exit : 125;
  return exit === 126 || exit === 127 ? exit : 125;
}

/** Runs one command line and returns the exit status; everything that goes wrong is rendered here, once. */
export async function main(argv: readonly string[]): Promise<number> {
  let isLaunch = false;
  try {
    const line = parseCommandLine(argv);
    isLaunch = line.kind === 'claude';
    return await run(line);
  } catch (error) {
    writeAll(STDERR, renderFailure(error));
    if (isLaunch) return launchExit(error);
    return error instanceof Failure ? error.exit : 1;
  }
}
