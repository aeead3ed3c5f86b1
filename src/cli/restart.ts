import type { RunCommand } from './context.ts';
import { ensureRunning } from './ensure-running.ts';
import { stopRunning } from './stop.ts';
import { tellDaemon } from './upstream/save.ts';

/** Stops what runs, starts anew, and says so only after the new daemon answered over verified TLS. */
export const restart: RunCommand = async (context) => {
  await stopRunning(context);
  const { daemon } = await ensureRunning(context);
  context.print(`running on https://127.0.0.1:${daemon.port} (pid ${daemon.health.pid})\n`);
  // A new daemon has no last good file to go on with.
  await tellDaemon(context);
  return 0;
};
