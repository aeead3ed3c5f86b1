import { errnoOf } from '../errors.ts';
import { type Health, parseHealth } from '../health.ts';
import { limits } from '../limits.ts';
import { AnswerTooLarge, NoAnswerInTime, requestDaemon } from './request.ts';

const HEALTH_BYTES = 4_096;
const STARTING_POLL_MS = 25;

export type Probe =
  /** Nothing listens. */
  | { readonly state: 'absent'; readonly reason: string }
  /** Something listens that is not proven to be our daemon; `expired` may still be ours. */
  | { readonly state: 'foreign'; readonly reason: 'plaintext' | 'untrusted' | 'expired' | 'not-ours' }
  /** This process cannot connect at all: a sandbox, mostly. */
  | { readonly state: 'blocked'; readonly reason: string }
  /** It holds our key, or takes connections, but does not (yet) work. */
  | { readonly state: 'unhealthy'; readonly reason: 'starting' | 'timeout' | 'replaced' }
  | { readonly state: 'ours'; readonly health: Health };

// What the socket says, as launcher.md 5.1 sorts it. A listener that resets the connection is ending or dead.
const BY_ERRNO: Readonly<Record<string, Probe>> = {
  ECONNREFUSED: { state: 'absent', reason: 'ECONNREFUSED' },
  ECONNRESET: { state: 'absent', reason: 'ECONNRESET' },
  EPIPE: { state: 'absent', reason: 'EPIPE' },
  UND_ERR_SOCKET: { state: 'absent', reason: 'closed' },
  EPERM: { state: 'blocked', reason: 'EPERM' },
  EACCES: { state: 'blocked', reason: 'EACCES' },
  EPROTO: { state: 'foreign', reason: 'plaintext' },
  CERT_HAS_EXPIRED: { state: 'foreign', reason: 'expired' },
  ETIMEDOUT: { state: 'unhealthy', reason: 'timeout' },
  UND_ERR_CONNECT_TIMEOUT: { state: 'unhealthy', reason: 'timeout' },
};

function classifyError(error: unknown): Probe {
  if (error instanceof NoAnswerInTime) return { state: 'unhealthy', reason: 'timeout' };
  if (error instanceof AnswerTooLarge) return { state: 'foreign', reason: 'not-ours' };
  const errno = errnoOf(error);
  const known = BY_ERRNO[errno];
  if (known) return known;
  // The system would not even try: no network in here (ENETUNREACH), no descriptor left.
  if (error instanceof Error && 'syscall' in error && error.syscall === 'connect') {
    return { state: 'blocked', reason: errno };
  }
  if (errno.startsWith('ERR_SSL_')) return { state: 'foreign', reason: 'plaintext' };
  // How undici tells an answer that is no HTTP; every failure of TLS has a code of OpenSSL's or Node's.
  if (errno === '' || /^(?:HPE|UND_ERR)_/.test(errno)) return { state: 'foreign', reason: 'not-ours' };
  return { state: 'foreign', reason: 'untrusted' };
}

export interface ProbeOptions {
  port: number;
  /** PEM: the roots that prove a daemon to be ours. */
  roots: string;
  timeoutMs?: number;
}

async function probeOnce({ port, roots, timeoutMs = limits.probeMs }: ProbeOptions): Promise<Probe> {
  try {
    const request = { port, roots, timeoutMs, maxBytes: HEALTH_BYTES } as const;
    const { status, text } = await requestDaemon({ ...request, method: 'GET', path: '/health' });
    if (status === 503) return { state: 'unhealthy', reason: 'starting' };
    const health = status === 200 ? parseHealth(text) : undefined;
    return health ? { state: 'ours', health } : { state: 'foreign', reason: 'not-ours' };
  } catch (error) {
    return classifyError(error);
  }
}

/**
 * Asks `127.0.0.1:<port>` who it is; never throws. A daemon that holds the port but is still starting (503
 * under our certificate) is asked again until `timeoutMs` (default: `limits.probeMs`) is over.
 */
export async function probeDaemon(options: ProbeOptions): Promise<Probe> {
  const end = performance.now() + (options.timeoutMs ?? limits.probeMs);
  for (;;) {
    const probe = await probeOnce(options);
    if (probe.state !== 'unhealthy' || probe.reason !== 'starting' || performance.now() > end) return probe;
    await new Promise((resolve) => setTimeout(resolve, STARTING_POLL_MS));
  }
}
