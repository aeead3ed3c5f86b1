import { control } from '../daemon/control.ts';
import { errnoOf, Failure } from '../errors.ts';
import type { RunCommand } from './context.ts';
import { findRunningDaemon } from './running-daemon.ts';
import { statusText } from './status-text.ts';

/** Says what runs: exit 0 running, 3 not running, 4 there but not well, 1 for files that are not usable. */
export const status: RunCommand = async (context, { flags }) => {
  const asJson = flags.has('json');
  try {
    const report = await control(await findRunningDaemon(context), 'status', {});
    context.print(asJson ? `${JSON.stringify({ state: 'running', ...report })}\n` : statusText(report));
    return 0;
  } catch (error) {
    const failure =
      error instanceof Failure
        ? error
        : new Failure('DAEMON_UNHEALTHY', `the daemon did not answer (${errnoOf(error) || String(error)})`);
    if (!asJson) throw failure;
    const state = failure.code === 'DAEMON_NOT_RUNNING' ? 'stopped' : 'unhealthy';
    context.print(`${JSON.stringify({ state, code: failure.code, reason: failure.message })}\n`);
    return failure.exit;
  }
};
