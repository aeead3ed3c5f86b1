import { control } from '../daemon/control.ts';
import type { RunCommand } from './context.ts';
import { ensureRunning } from './ensure-running.ts';

/**
 * Claude Code's `headersHelper`: brings the daemon back if it is gone, mints a token for this workspace and
 * prints one JSON object. It runs at every connect and after every 401, in the project's directory.
 */
export const headers: RunCommand = async (context, { words: [server = ''] }) => {
  const { certificates, daemon } = await ensureRunning(context);
  const target = {
    port: daemon.port,
    roots: certificates.roots,
    ownerSecretFile: context.paths.ownerSecret,
  };
  const { accessToken } = await control(target, 'mint', { workspace: context.cwd, server });
  context.print(`${JSON.stringify({ Authorization: `Bearer ${accessToken}` })}\n`);
  return 0;
};
