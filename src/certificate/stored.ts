import { readOwnFile } from '../files.ts';
import type { Paths } from '../paths.ts';

/** What stands on disk, unjudged; undefined for a file that does not exist. */
export interface Stored {
  readonly authority: string | undefined;
  readonly identity: string | undefined;
  readonly serverCertificate: string | undefined;
  readonly caBundle: string | undefined;
}

/**
 * Reads the certificate files. Throws `FILE_UNSAFE` for one that another account could have read, written or
 * planted. The authority is made first and therefore read last: an identity without an authority is then a loss,
 * never another process that is just creating them.
 */
export function readStored(paths: Paths): Stored {
  const caBundle = readOwnFile(paths.caBundle, { secret: false });
  const serverCertificate = readOwnFile(paths.serverCertificate, { secret: false });
  const identity = readOwnFile(paths.identity);
  return { authority: readOwnFile(paths.authority), identity, serverCertificate, caBundle };
}
