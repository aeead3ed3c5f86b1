/**
 * upstream-processes.json: the running children, so that a daemon that was killed leaves none behind.
 *
 * ```json
 * [{ "pid": 4711, "procStart": "123456", "bootId": "…", "upstream": "memory" }]
 * ```
 */
import { readOwnFile, writeFileAtomic } from '../../files.ts';
import { isObject } from '../../json-object.ts';
import { limits } from '../../limits.ts';
import type { Log } from '../../log.ts';
import type { Paths } from '../../paths.ts';
import { bootId, isPid, processStart } from '../../state.ts';
import { endGroup, type GroupLeader } from './process-group.ts';

interface Entry {
  readonly pid: number;
  /** With the pid and the boot it names one process for ever. */
  readonly procStart: string;
  readonly bootId: string;
  readonly upstream: string;
}

export interface ProcessRegistry {
  /** Whether one more child may be started (R52). */
  hasRoom(): boolean;
  /** Notes a child that has just started as the leader of its process group. */
  add(child: GroupLeader, upstream: string): void;
  /** Forgets a child whose process group is gone. */
  remove(pid: number): void;
  /**
   * Ends what a killed daemon left running, with its process groups. For the daemon's start, once it is certain that
   * no other daemon runs in this home.
   */
  reapOrphans(): Promise<void>;
}

/** A registry of this daemon; a disk that refuses is logged, and stops no server. */
export function createProcessRegistry(paths: Pick<Paths, 'upstreamProcesses'>, log: Log): ProcessRegistry {
  const file = paths.upstreamProcesses;
  let entries: readonly Entry[] = [];
  const children = new Set<number>();

  function write(changed: readonly Entry[]): void {
    entries = changed;
    try {
      writeFileAtomic(file, `${JSON.stringify(entries)}\n`);
    } catch (error) {
      log.error('upstream.processes.unwritable', { reason: String(error) });
    }
  }

  function readLeftOver(): Entry[] {
    try {
      return parseEntries(readOwnFile(file) ?? '[]').filter(isAlive);
    } catch (error) {
      log.error('upstream.processes.unreadable', { reason: String(error) });
      return [];
    }
  }

  function remove(pid: number): void {
    children.delete(pid);
    if (entries.some((entry) => entry.pid === pid)) write(entries.filter((entry) => entry.pid !== pid));
  }

  async function reap(orphan: Entry): Promise<void> {
    const { pid, upstream } = orphan;
    const isGone = await endGroup(orphan);
    if (isGone) remove(pid);
    log.info('upstream.reaped', { upstream, pid, gone: isGone });
  }

  return {
    hasRoom: () => children.size < limits.upstreamProcesses,
    add({ pid, procStart }, upstream) {
      children.add(pid);
      // It has ended already, or nothing could ever prove that it is it.
      if (procStart !== undefined) write([...entries, { pid, procStart, bootId: bootId(), upstream }]);
    },
    remove,
    async reapOrphans() {
      const orphans = readLeftOver();
      // They stay noted until they are gone, should this daemon be killed too.
      write([...entries, ...orphans]);
      await Promise.all(orphans.map(reap));
    },
  };
}

function isEntry(value: unknown): value is Entry {
  return (
    isObject(value) &&
    isPid(value.pid) &&
    ['procStart', 'bootId', 'upstream'].every((key) => typeof value[key] === 'string') &&
    value.procStart !== ''
  );
}

/** Throws for whatever is not a whole file of ours: none of it can be believed then. */
function parseEntries(text: string): Entry[] {
  const value: unknown = JSON.parse(text);
  if (!Array.isArray(value) || !value.every(isEntry)) throw new Error('no list of processes');
  return value;
}

const isAlive = (entry: Entry): boolean =>
  entry.bootId === bootId() && processStart(entry.pid) === entry.procStart;
