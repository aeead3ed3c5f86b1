import { followLog, readLastLines } from '../daemon/follow-log.ts';
import type { RunCommand } from './context.ts';

const LINES = 50;

/** Prints the last lines of the daemon's log; with `-f` also every line that comes, until Ctrl-C or until nobody reads. */
export const logs: RunCommand = async (context, { flags }) => {
  const file = context.paths.daemonLog;
  if (!flags.has('f')) {
    context.print(
      readLastLines(file, LINES)
        .map((line) => `${line}\n`)
        .join(''),
    );
    return 0;
  }
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort());
  for await (const line of followLog(file, { lines: LINES, signal: interrupted.signal })) {
    if (!context.print(`${line}\n`)) break;
  }
  return 0;
};
