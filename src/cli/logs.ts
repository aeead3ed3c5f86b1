import { followLog, readLastLines } from '../daemon/follow-log.ts';
import { Failure } from '../errors.ts';
import type { RunCommand } from './context.ts';
import { printTraffic } from './traffic.ts';

const LINES = 50;

/** With a server the messages between it and its clients. Else prints the last lines of the daemon's log; with `-f` also every line that comes, until Ctrl-C or until nobody reads. */
export const logs: RunCommand = async (context, { flags, values }) => {
  const server = values.get('server')?.at(-1);
  if (server !== undefined) {
    await printTraffic(context, { server, follow: flags.has('f'), bodies: flags.has('bodies') });
    return 0;
  }
  if (flags.has('bodies')) {
    throw new Failure('USAGE', '--bodies needs --server', {
      hint: 'claude-secure logs --server <name> --bodies',
    });
  }
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
