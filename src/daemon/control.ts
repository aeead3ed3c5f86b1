import { type ControlAction, type ControlActions, type ControlFailure, OWNER_HEADER } from '../control.ts';
import { Failure } from '../errors.ts';
import { readOwnFile } from '../files.ts';
import { limits } from '../limits.ts';
import { type DaemonAnswer, NoAnswerInTime, requestDaemon } from './request.ts';

const ANSWER_BYTES = 1_048_576;

export interface ControlTarget {
  readonly port: number;
  /** PEM: the roots that prove the daemon to be ours. */
  readonly roots: string;
  readonly ownerSecretFile: string;
}

/** Why the daemon could not; undefined for the 503 of one that is still starting. */
function parseFailure(text: string): ControlFailure | undefined {
  try {
    const { error_description, hint } = JSON.parse(text);
    const isWhole = typeof error_description === 'string' && typeof hint === 'string';
    return isWhole ? { error_description, hint } : undefined;
  } catch {
    return undefined;
  }
}

function refused(action: ControlAction, { status, text }: DaemonAnswer): Failure {
  if (status === 401) return new Failure('DAEMON_REFUSED', 'the daemon did not accept the owner secret');
  if (status === 429) {
    return new Failure('DAEMON_REFUSED', 'the daemon refuses after too many failed attempts', {
      hint: 'wait a minute, then try again',
    });
  }
  const failure = status === 503 ? parseFailure(text) : undefined;
  if (failure) return new Failure('DAEMON_REFUSED', failure.error_description, { hint: failure.hint });
  return new Failure('DAEMON_REFUSED', `the daemon answered ${action} with ${status}\n${text.slice(0, 200)}`);
}

async function send(target: ControlTarget, action: ControlAction, body: string): Promise<DaemonAnswer> {
  const { port, roots, ownerSecretFile } = target;
  const secret = readOwnFile(ownerSecretFile);
  if (secret === undefined) throw new Failure('DAEMON_REFUSED', `${ownerSecretFile} is missing`);
  try {
    return await requestDaemon({
      port,
      roots,
      method: 'POST',
      path: `/control/${action}`,
      headers: { 'content-type': 'application/json', [OWNER_HEADER]: secret.trim() },
      body,
      timeoutMs: limits.controlMs,
      maxBytes: ANSWER_BYTES,
    });
  } catch (cause) {
    const what = cause instanceof NoAnswerInTime ? cause.message : `the connection failed: ${String(cause)}`;
    throw new Failure('DAEMON_UNHEALTHY', `the daemon did not answer ${action}: ${what}`, { cause });
  }
}

/**
 * Asks the daemon as its owner. The owner secret leaves this process only after the peer proved by TLS to hold
 * our key: a stranger on the port gets not one byte of HTTP. Throws `FILE_UNSAFE`, `DAEMON_UNHEALTHY` when
 * there is no whole answer, `DAEMON_REFUSED` for any status but 200.
 */
export async function control<A extends ControlAction>(
  target: ControlTarget,
  action: A,
  request: ControlActions[A]['request'],
): Promise<ControlActions[A]['response']> {
  const answer = await send(target, action, JSON.stringify(request));
  if (answer.status !== 200) throw refused(action, answer);
  // Under our key answers our own program; what it says is typed by ControlActions on both sides.
  return JSON.parse(answer.text) as ControlActions[A]['response'];
}
