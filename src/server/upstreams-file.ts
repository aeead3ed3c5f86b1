import { Failure } from '../errors.ts';
import { lookAt } from '../file-failures.ts';
import type { Log } from '../log.ts';
import { readUpstreams, type UpstreamDefinition } from '../upstreams.ts';

export interface UpstreamsFile {
  /** Reads the file again if it has changed; whatever is wrong with it, the last good one stays in force. */
  refresh(): void;
  /** What is wrong with the file as it stands; undefined while nothing is. */
  problem(): string | undefined;
}

/** Inode, size and time: changes whenever the file is written, by an editor or by us, or its mode is put right. */
function fingerprint(file: string): string {
  const found = lookAt(file);
  return found ? `${found.ino}:${found.size}:${found.ctimeMs}` : '';
}

/** Keeps the upstreams in step with upstreams.json. */
export function watchUpstreamsFile(
  file: string,
  { define, log }: { define(definitions: readonly UpstreamDefinition[]): void; log: Log },
): UpstreamsFile {
  let seen: string | undefined;
  let problem: string | undefined;

  function refresh(): void {
    try {
      const found = fingerprint(file);
      if (found === seen) return;
      seen = found;
      define(readUpstreams(file));
      problem = undefined;
      log.info('upstreams.read', {});
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      problem = error.message;
      log.error('upstreams.refused', { reason: error.message });
    }
  }

  refresh();
  return { refresh, problem: () => problem };
}
