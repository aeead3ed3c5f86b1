import { createFileAtomic, ensurePrivateDirectory, readOwnFile } from './files.ts';
import type { Paths } from './paths.ts';

/** Makes our own directory, closed to others; a dotfile repository around it takes nothing of it. */
export function ensureRootDirectory({ root, gitignore }: Pick<Paths, 'root' | 'gitignore'>): void {
  ensurePrivateDirectory(root);
  if (readOwnFile(gitignore, { secret: false }) === undefined) createFileAtomic(gitignore, '*\n');
}
