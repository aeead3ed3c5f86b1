import { SERVER } from '../claude/server-entry.ts';
import { control } from '../daemon/control.ts';
import { Failure } from '../errors.ts';
import type { Context, RunCommand } from './context.ts';
import { ensureRunning } from './ensure-running.ts';
import { isUpstream } from './served-upstreams.ts';

async function mintToken(context: Context, server: string): Promise<string> {
  const { target } = await ensureRunning(context);
  if (server !== SERVER && !(await isUpstream(context, target, server))) {
    throw new Failure('NOT_FOUND', `there is no server ${server}`, { hint: 'claude-secure upstream list' });
  }
  return (await control(target, 'mint', { workspace: context.cwd, server })).accessToken;
}

/**
 * Claude Code's `headersHelper`: brings the daemon back if it is gone, mints a token for this workspace and
 * prints one JSON object. It runs at every connect and after every 401, in the project's directory. A daemon
 * that ends between the two is brought back once more: a helper that fails costs 2.1.197 the server for good.
 */
export const headers: RunCommand = async (context, { words: [server = ''] }) => {
  const accessToken = await mintToken(context, server).catch((error: unknown) => {
    if (!(error instanceof Failure && error.code === 'DAEMON_UNHEALTHY')) throw error;
    return mintToken(context, server);
  });
  context.print(`${JSON.stringify({ Authorization: `Bearer ${accessToken}` })}\n`);
  return 0;
};
