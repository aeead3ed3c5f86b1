import { readFileSync, realpathSync, statSync } from 'node:fs';
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

/**
 * The subcommands that this claude lists in `--help`, asked once for each binary (real path, size, mtime) and
 * kept in `launch/`; empty when claude does not answer.
 */
export function learnVerbs(claude: Program, env: NodeJS.ProcessEnv, paths: Paths): readonly string[] {
  const real = realpathSync(claude.args[0] ?? claude.file);
  const { size, mtimeMs } = statSync(real);
  const file = ensureLaunchFile(paths, {
    name: `verbs-${contentName(real, String(size), String(mtimeMs))}.json`,
    make: () => {
      const help = execFileText(claude.file, [...claude.args, '--help'], { timeoutMs: HELP_MS, env });
      return JSON.stringify(parseHelp(help ?? ''));
    },
  });
  const verbs: unknown = JSON.parse(readFileSync(file, 'utf8'));
  return Array.isArray(verbs) ? verbs : [];
}
