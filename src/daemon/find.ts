import { X509Certificate } from 'node:crypto';
import { readOwnFile } from '../files.ts';
import type { Paths } from '../paths.ts';
import { bootId, parseState, processStart, type State } from '../state.ts';
import { readStoredPort } from './port.ts';
import { type Probe, probeDaemon } from './probe.ts';

export type FoundDaemon = Probe & {
  /** The port that was asked; 0 when neither state nor port file names one. */
  readonly port: number;
};

/** One that answered as ours. */
export type RunningDaemon = Extract<FoundDaemon, { state: 'ours' }>;

export interface FindOptions {
  paths: Paths;
  roots: string;
}

/**
 * The state file's claim; undefined if there is none. Throws `FILE_UNSAFE` for a file that another account
 * could have written.
 */
export function readState({ state }: Pick<Paths, 'state'>): State | undefined {
  const text = readOwnFile(state);
  return text === undefined ? undefined : parseState(text);
}

/** Probes; once more after a timeout, which a machine just out of sleep or under load gives without meaning it. */
async function probePatiently(port: number, roots: string): Promise<Probe> {
  const probe = await probeDaemon({ port, roots });
  const isTimeout = probe.state === 'unhealthy' && probe.reason === 'timeout';
  return isTimeout ? probeDaemon({ port, roots }) : probe;
}

/**
 * True for the daemon of this home that still serves a root which was deleted since (as the guide tells people
 * to): it ends by itself when it notices. Only a reason to wait, so the state file's word is enough.
 */
function servesDeletedRoot(port: number, { paths, roots }: FindOptions): boolean {
  const stated = readState(paths);
  return (
    stated?.port === port &&
    stated.rootSha256 !== new X509Certificate(roots).fingerprint256 &&
    stated.bootId === bootId() &&
    stated.procStart === (processStart(stated.pid) ?? '')
  );
}

async function probeAsStated(port: number, options: FindOptions): Promise<FoundDaemon> {
  const { paths, roots } = options;
  const probe = await probePatiently(port, roots);
  const isUntrusted = probe.state === 'foreign' && probe.reason === 'untrusted';
  if (isUntrusted && servesDeletedRoot(port, options))
    return { state: 'unhealthy', reason: 'replaced', port };
  if (probe.state !== 'ours') return { ...probe, port };
  // Read after the answer: a daemon that has just taken over wrote its state before it said it was healthy.
  const stated = readState(paths);
  const isStated = stated === undefined || stated.instanceId === probe.health.instanceId;
  return isStated ? { ...probe, port } : { state: 'unhealthy', reason: 'replaced', port };
}

/**
 * Finds the daemon of this home: where state.json says, else on the port that is kept. It is ours only if it
 * answered over TLS under our root and state.json does not name another instance (R9); one that does is
 * `replaced`: it leaves by itself when it notices. Throws `FILE_UNSAFE`.
 */
export async function findDaemon(options: FindOptions): Promise<FoundDaemon> {
  const ports = new Set([readState(options.paths)?.port, readStoredPort(options.paths)]);
  let found: FoundDaemon = { state: 'absent', reason: 'never started', port: 0 };
  for (const port of ports) {
    if (port === undefined) continue;
    found = await probeAsStated(port, options);
    if (found.state === 'ours' || found.state === 'unhealthy') return found;
  }
  return found;
}
