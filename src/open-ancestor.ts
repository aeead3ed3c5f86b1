import { realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

const OTHERS_WRITE = 0o002;
const GROUP_WRITES = 0o020;
const STICKY = 0o1000;

/**
 * The nearest directory above `path` in which another account may rename what is not its own: there it could put
 * something else in the place of what we have just checked. A group of our own alone is as common as harmless, and
 * the sticky bit binds everybody but the directory's owner.
 */
export function findOpenAncestor(path: string): { readonly path: string; readonly mode: number } | undefined {
  for (let at = dirname(realpathSync(path)); ; at = dirname(at)) {
    const { mode, uid, gid } = statSync(at);
    const isOpen =
      (mode & OTHERS_WRITE) !== 0 || ((mode & GROUP_WRITES) !== 0 && gid !== process.getegid?.());
    const isSticky = (mode & STICKY) !== 0 && (uid === 0 || uid === process.geteuid?.());
    if (isOpen && !isSticky) return { path: at, mode };
    if (at === dirname(at)) return undefined;
  }
}
