import { ClassicLevel } from 'classic-level';
import { ensurePrivateDirectory, moveFile } from '../files.ts';
import type { Log } from '../log.ts';
import { collectTemporaryFiles } from '../temporary-files.ts';
import { ensureSequence, writeSequence } from './sequence.ts';
import { asFailure, isCorruption, LostWrites } from './store-error.ts';

export type Operation =
  | { readonly type: 'put'; readonly key: string; readonly value: unknown }
  | { readonly type: 'del'; readonly key: string };

export interface BatchOptions {
  /** False where a power cut may take the batch. */
  readonly flush?: boolean;
}

export interface Store {
  /** Where a damaged one was set aside when this one was opened; undefined if there was none. */
  readonly setAside: string | undefined;
  get(key: string): Promise<unknown>;
  /**
   * All operations or none, one batch after the other; resolves once they are flushed to the disk, or with
   * `flush: false` once they survive the end of this process. Rejects with `DISK_FULL` or `STORE_UNUSABLE`.
   */
  batch(operations: readonly Operation[], options?: BatchOptions): Promise<void>;
  /** Every record whose key starts with the prefix, in key order. */
  entries(prefix: string): AsyncIterable<readonly [key: string, value: unknown]>;
  close(): Promise<void>;
}

type Database = ClassicLevel<string, unknown>;

/** The number of the last flushed batch, and the key that it stands under. */
interface Mark {
  readonly key: string;
  readonly number: number;
}

interface Opened {
  database: Database;
  mark: Mark;
}

/** Above every character of a key. */
const LAST = '\uffff';
const startingWith = (prefix: string) => ({ gte: prefix, lt: `${prefix}${LAST}` });
/**
 * Each flushed batch puts its own mark and deletes the one before, so that there is one, and two only where a batch
 * between them is lost. They sort behind every prefix that anybody asks for.
 */
const MARKS = '~sequence';
const markOf = (number: number): Mark => ({ key: `${MARKS}/${number}`, number });

/** Opens the database and reads all of it once, so that damage shows now and not in the middle of a request. */
async function openWhole(directory: string): Promise<Opened> {
  const database: Database = new ClassicLevel(directory, { valueEncoding: 'json' });
  try {
    await database.open();
    for await (const _ of database.iterator({ fillCache: false }));
    const marks = await database.iterator(startingWith(MARKS)).all();
    const [key, number] = (marks[0] as [string, number] | undefined) ?? [MARKS, 0];
    // LevelDB drops the damaged tail of its log, or of one of the log's blocks, without a word (measured): what was
    // deleted there would be back.
    if (marks.length > 1 || number < ensureSequence(directory)) throw new LostWrites();
    return { database, mark: { key, number } };
  } catch (error) {
    await database.close();
    throw error;
  }
}

function setAside(directory: string, reason: string, log: Log): string {
  const aside = `${directory}.corrupt-${Date.now()}`;
  moveFile(directory, aside);
  ensurePrivateDirectory(directory);
  log.error('store.corrupt', { setAside: aside, reason, meaning: 'every login has ended' });
  return aside;
}

async function openOrReplace(directory: string, log: Log): Promise<Opened & { aside?: string }> {
  ensurePrivateDirectory(directory);
  collectTemporaryFiles(directory);
  try {
    return await openWhole(directory);
  } catch (error) {
    if (!isCorruption(error)) throw asFailure(directory, error);
    const aside = setAside(directory, String(error), log);
    return { ...(await openWhole(directory)), aside };
  }
}

/**
 * Opens the embedded database: a directory (0700) that one process at a time can hold. A damaged one is set aside
 * as `<directory>.corrupt-<time>` and an empty one begun, so everything that was in it is refused from then on.
 * Throws `STORE_UNUSABLE` when another process holds it or it cannot be read, `FILE_UNSAFE` for a foreign directory.
 */
export async function openStore(directory: string, log: Log): Promise<Store> {
  const { aside, ...opened } = await openOrReplace(directory, log);
  let { database, mark } = opened;
  let tail: Promise<unknown> = Promise.resolve();
  let isBroken = false;

  /** After a failed write LevelDB goes on behind a torn record and loses what it then says is flushed (measured). */
  async function reopen(): Promise<void> {
    await database.close();
    ({ database, mark } = await openWhole(directory));
    isBroken = false;
  }

  async function flush(operations: readonly Operation[]): Promise<void> {
    const next = markOf(mark.number + 1);
    const marking: Operation[] = [
      { type: 'del', key: mark.key },
      { type: 'put', key: next.key, value: next.number },
    ];
    await database.batch([...operations, ...marking], { sync: true });
    mark = next;
    await writeSequence(directory, next.number);
  }

  /**
   * An unflushed batch is with the kernel: it goes with the power, not with this process. It has no mark because a
   * mark says what must be there: that such a batch is missing is no damage, and takes no mark with it.
   */
  async function write(operations: readonly Operation[], isFlushed: boolean): Promise<void> {
    try {
      if (isBroken) await reopen();
      isBroken = true;
      if (isFlushed) await flush(operations);
      else await database.batch([...operations], { sync: false });
      isBroken = false;
    } catch (error) {
      throw asFailure(directory, error);
    }
  }

  return {
    setAside: aside,
    get: (key) => database.get(key),
    batch(operations, { flush: isFlushed = true } = {}) {
      const done = tail.then(() => write(operations, isFlushed));
      tail = done.catch(() => undefined);
      return done;
    },
    entries: (prefix) => database.iterator(startingWith(prefix)),
    async close() {
      await tail;
      await database.close();
    },
  };
}
