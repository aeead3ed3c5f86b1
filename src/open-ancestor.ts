import { realpathSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { readFailure } from './file-failures.ts';

const OTHERS_WRITE = 0o002;
const GROUP_WRITES = 0o020;
const STICKY = 0o1000;

/**
 * The nearest directory above `path` in which another account may rename what is not its own: there it could put
 * something else in the place of what we have just checked. The sticky bit binds everybody but the directory's owner.
 * A group counts in directories of our own, unless it is our own too: whom the system trusts elsewhere (Android's
 * `system` in /data) is not ours to judge. Throws `FILE_UNSAFE` and `HOME_UNUSABLE` where it may not look.
 */
export function findOpenAncestor(path: string): { readonly path: string; readonly mode: number } | undefined {
  try {
    for (let at = dirname(realpathSync(path)); ; at = dirname(at)) {
      const found = statSync(at);
      if (isOpen(found)) return { path: at, mode: found.mode };
      if (at === dirname(at)) return undefined;
    }
  } catch (error) {
    throw readFailure(path, error);
  }
}

function isOpen({ mode, uid, gid }: Stats): boolean {
  const ownUid = process.geteuid?.();
  const isForGroup = (mode & GROUP_WRITES) !== 0 && uid === ownUid && gid !== process.getegid?.();
  const isSticky = (mode & STICKY) !== 0 && (uid === 0 || uid === ownUid);
  return ((mode & OTHERS_WRITE) !== 0 || isForGroup) && !isSticky;
}
