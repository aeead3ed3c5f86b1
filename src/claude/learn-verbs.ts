import { readFileSync, realpathSync, statSync } from 'node:fs';
import { Failure } from '../errors.ts';
import type { Paths } from '../paths.ts';
import { execFileText } from '../spawn.ts';
import type { Program } from './inspect-program.ts';
import { contentName, ensureLaunchFile } from './launch-files.ts';

/** Claude 2.1.197 takes 0.34 s here; a machine under load gets its time. */
const HELP_MS = 5_000;

function parseHelp(help: string): string[] {
  const commands = help.split(/^Commands:\n/m)[1] ?? '';
  return [...commands.matchAll(/^ {2}([a-z][a-z|-]*)(?= |$)/gm)].flatMap(([, names]) =>
    (names ?? '').split('|'),
  );
}

function parseCache(text: string): readonly string[] {
  try {
    const verbs: unknown = JSON.parse(text);
    return Array.isArray(verbs) ? verbs : [];
  } catch {
    return [];
  }
}

/**
 * The subcommands that this claude lists in `--help`, asked once for each binary (real path, size, mtime) and
 * kept in `launch/`. Throws `CLAUDE_NOT_EXECUTABLE` when claude does not answer, and what file writing throws.
 */
export function learnVerbs(claude: Program, env: NodeJS.ProcessEnv, paths: Paths): readonly string[] {
  const real = realpathSync(claude.args[0] ?? claude.file);
  const { size, mtimeMs } = statSync(real);
  const file = ensureLaunchFile(paths, {
    name: `verbs-${contentName(real, String(size), String(mtimeMs))}.json`,
    make: () => {
      const help = execFileText(claude.file, [...claude.args, '--help'], { timeoutMs: HELP_MS, env });
      // Not kept: the next launch asks again.
      if (help === undefined) throw new Failure('CLAUDE_NOT_EXECUTABLE', `${claude.file} --help fails`);
      return JSON.stringify(parseHelp(help));
    },
  });
  return parseCache(readFileSync(file, 'utf8'));
}
