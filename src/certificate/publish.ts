import { PUBLIC_MODE, writeFileAtomic } from '../files.ts';
import type { Paths } from '../paths.ts';
import type { Usable } from './usable.ts';

/** Writes the two public files where they are missing or differ from the private ones; neither ever holds a key. */
export function publish(paths: Paths, { stored, authority, identity }: Usable): void {
  if (stored.serverCertificate !== identity.chainPem) {
    writeFileAtomic(paths.serverCertificate, identity.chainPem, PUBLIC_MODE);
  }
  if (stored.caBundle !== authority.rootPem) {
    writeFileAtomic(paths.caBundle, authority.rootPem, PUBLIC_MODE);
  }
}
