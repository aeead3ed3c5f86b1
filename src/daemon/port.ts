import { createFileAtomic, readOwnFile, writeFileAtomic } from '../files.ts';
import type { Paths } from '../paths.ts';

/** The guide's port, and how many after it are tried at a first start: enough for the users of one host. */
const FIRST_PORT = 8_443;
const FIRST_RUN_PORTS = 10;

/** The port this home has kept since its first start; undefined before it, or if the file is garbled. */
export function readStoredPort({ port: file }: Pick<Paths, 'port'>): number | undefined {
  const text = readOwnFile(file)?.trim() ?? '';
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
}

/**
 * Keeps the port that was bound and returns the one that is kept. One that was asked for replaces another; else
 * the first stands: of several first starts at once, that each got a port of the range, all but one see here
 * that theirs is not it. Throws as `writeFileAtomic` does.
 */
export function keepPort(
  { port: file }: Pick<Paths, 'port'>,
  port: number,
  asked: number | undefined,
): number {
  if (!asked) createFileAtomic(file, `${port}\n`);
  const kept = readStoredPort({ port: file });
  if (kept === port || (kept !== undefined && !asked)) return kept;
  writeFileAtomic(file, `${port}\n`);
  return port;
}

/**
 * The ports to try, in order. One that was asked for, or is kept, stands alone: tokens and logins are bound to
 * it, so it never moves by itself. Only a first start looks further: 8443, else the next free one up to 8452,
 * which is also how several people share one host. 0 asks for any: the kept one, or a free one at a first start.
 */
export function candidatePorts(
  asked: number | undefined,
  stored: number | undefined,
): readonly [number, ...number[]] {
  if (asked) return [asked];
  if (stored !== undefined) return [stored];
  if (asked === 0) return [asked];
  const others = Array.from({ length: FIRST_RUN_PORTS - 1 }, (_, index) => FIRST_PORT + 1 + index);
  return [FIRST_PORT, ...others];
}
