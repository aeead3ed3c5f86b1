import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { claudes } from '../support/claudes.ts';
import { PROGRAM, programCommand } from '../support/program.ts';
import { type RunOptions, run, start } from '../support/run.ts';
import { createStory, type Story } from '../support/story.ts';
import { waitFor } from '../support/wait-for.ts';

type Command = [string, ...string[]];

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const NODE_24 = fileURLToPath(new URL('../clients/node_modules/node24/bin/node', import.meta.url));

/** Node 20 has no `process.execve`: there we stay behind as Claude's parent; on 24 we become Claude. */
const LAUNCHERS: { how: string; command: (args: readonly string[]) => Command }[] = [
  { how: 'spawned', command: programCommand },
  { how: 'in our place', command: (args) => [NODE_24, PROGRAM, ...args] },
];

const ENDINGS: { what: string; args: readonly string[]; input?: string }[] = [
  { what: 'success', args: ['-p', '--output-format=json', '--no-session-persistence'], input: 'from stdin' },
  { what: 'an unknown option', args: ['--no-such-option'] },
  { what: 'no prompt', args: ['-p'] },
  { what: 'a missing file', args: ['--mcp-config=/nonexistent.json', '-p', 'hi'] },
  { what: 'a verb that fails', args: ['mcp', 'get', 'no-such-server'] },
  { what: 'a version', args: ['--version'] },
];

interface Ending {
  what: string;
  status: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
}

/** JSON results differ by times and ids: their members are compared. */
const comparable = (stdout: string): string =>
  stdout.startsWith('{') ? Object.keys(JSON.parse(stdout)).sort().join(' ') : stdout;

/** Lets Claude end in each way. */
async function endings(story: Story, command: (args: readonly string[]) => Command): Promise<Ending[]> {
  const seen: Ending[] = [];
  for (const { what, args, input } of ENDINGS) {
    const options: RunOptions = { env: story.env, cwd: story.project, ...(input && { input }) };
    const { status, signal, stdout } = await run(command(args), options);
    seen.push({ what, status, signal, stdout: comparable(stdout) });
  }
  return seen;
}

/** Sends each signal once Claude has asked the API, which never answers. */
async function endingsBySignal(
  story: Story,
  command: (args: readonly string[]) => Command,
): Promise<Ending[]> {
  const asked = (): number => story.api.requests.filter(({ url }) => url.startsWith('/v1/messages')).length;
  const seen: Ending[] = [];
  for (const what of SIGNALS) {
    const before = asked();
    const running = start(command(['-p', 'hi']), { env: story.env, cwd: story.project });
    running.closeInput();
    await waitFor('Claude to ask', () => asked() > before, 30_000);
    running.kill(what);
    const { status, signal } = await running.ended;
    // A SIGINT early in the request has Claude print "Execution error", a later one nothing.
    seen.push({ what, status, signal, stdout: '' });
  }
  return seen;
}

describe.each(claudes)('R60: however Claude $version ends', (claude) => {
  const plain = (args: readonly string[]): Command => [claude.file, ...args];

  it.each(LAUNCHERS)('run $how, we end the same: status, signal and stdout', async ({ command }) => {
    const story = await createStory(claude);
    expect(await endings(story, command)).toEqual(await endings(story, plain));
  });

  it.each(LAUNCHERS)('run $how and sent a signal, we end the same', async ({ command }) => {
    const story = await createStory(claude, { silent: true });
    expect(await endingsBySignal(story, command)).toEqual(await endingsBySignal(story, plain));
  });
});
