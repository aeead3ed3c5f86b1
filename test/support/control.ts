import { readFileSync } from 'node:fs';
import {
  type ControlAction,
  type ControlActions,
  OWNER_HEADER,
  type StatusReport,
  type UpstreamReport,
  type UpstreamsReport,
} from '../../src/control.ts';
import type { Home } from './home.ts';
import { ask } from './oauth-client.ts';
import { runProgram } from './program.ts';

/** What the owner's commands ask the daemon of this home, without the 0.3 s that a command takes to start. */
export async function askControl<A extends ControlAction>(
  home: Home,
  action: A,
  request: ControlActions[A]['request'],
): Promise<ControlActions[A]['response']> {
  const owner = readFileSync(home.paths.ownerSecret, 'utf8').trim();
  const { status, text } = await ask(home, {
    path: `/control/${action}`,
    method: 'POST',
    headers: { 'content-type': 'application/json', [OWNER_HEADER]: owner },
    body: JSON.stringify(request),
  });
  if (status !== 200) throw new Error(`${action}: ${status} ${text}`);
  return JSON.parse(text);
}

/** The owner's yes to the request under this match code. */
export async function approveAsOwner(home: Home, matchCode: string): Promise<void> {
  const { done } = await askControl(home, 'approve', { code: matchCode, approve: true });
  if (!done) throw new Error(`nothing waits under ${matchCode}`);
}

/** A launcher's token for a client in that directory. */
export const mintFor = async (home: Home, workspace: string): Promise<string> =>
  (await askControl(home, 'mint', { workspace, server: 'code' })).accessToken;

/** What `claude-secure status --json` says. */
export async function readStatus(home: Home): Promise<StatusReport> {
  const { stdout, stderr } = await runProgram(home, ['status', '--json']);
  if (stderr !== '') throw new Error(`status: ${stderr}`);
  return JSON.parse(stdout);
}

const find = ({ upstreams }: UpstreamsReport, name: string): UpstreamReport => {
  const found = upstreams.find((upstream) => upstream.name === name);
  if (!found) throw new Error(`there is no ${name}`);
  return found;
};

/** What `claude-secure status --json` says of one server. */
export const readUpstream = async (home: Home, name: string): Promise<UpstreamReport> =>
  find(await readStatus(home), name);

/** The same from the daemon itself: nothing can change in the time that a command takes to start. */
export const reportOf = async (home: Home, name: string): Promise<UpstreamReport> =>
  find(await askControl(home, 'status', {}), name);
