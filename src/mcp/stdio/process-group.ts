/**
 * A process group of our own making, which is named by the pid of its leader. As long as a member lives, the kernel
 * gives that number to no one else; a group without members must not be signalled, since its number may come again.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { environment } from '../../config.ts';
import { limits } from '../../limits.ts';
import { pollUntil } from '../../poll.ts';
import { execFileText } from '../../spawn.ts';
import { processStart, processStat } from '../../state.ts';

export interface GroupLeader {
  readonly pid: number;
  /** Of `processStart`; undefined where it could not be told. */
  readonly procStart: string | undefined;
}

/** True if the leader's pid is still its own, or nobody's. */
function isOurs({ pid, procStart }: GroupLeader): boolean {
  const now = processStart(pid);
  return now === undefined || now === procStart;
}

function exists(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch {
    return false;
  }
}

function hasMembers({ pid }: GroupLeader): boolean {
  if (process.platform === 'win32') return exists(pid);
  if (process.platform !== 'linux') return exists(-pid);
  // kill(2) counts zombies too, and in a container without an init they stay for ever.
  return exists(-pid) && (processStat(pid) !== undefined || hasLivingMembers(pid));
}

function hasLivingMembers(group: number): boolean {
  try {
    return readdirSync('/proc').some((name) => processStat(name)?.[2] === String(group));
  } catch {
    // No descriptor is free: kill(2) has to be believed.
    return true;
  }
}

/** Sends the signal to every member, if there is one and the group is still ours. Windows knows only one way to end. */
export function signalGroup(leader: GroupLeader, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (!isOurs(leader) || !hasMembers(leader)) return;
  if (process.platform === 'win32') {
    const taskkill = join(environment().SYSTEMROOT ?? 'C:\\Windows', 'System32', 'taskkill.exe');
    execFileText(taskkill, ['/T', '/F', '/PID', String(leader.pid)]);
    return;
  }
  try {
    process.kill(-leader.pid, signal);
  } catch {
    // Its last member has just ended.
  }
}

/**
 * Ends the group: SIGTERM, and after `limits.upstreamStopMs` SIGKILL. Only for one whose leader is known to be ours
 * at the time of the call, or was until just now. False if a member outlives even that.
 */
export async function endGroup(leader: GroupLeader): Promise<boolean> {
  const isGone = (): true | undefined => (hasMembers(leader) && isOurs(leader) ? undefined : true);
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    signalGroup(leader, signal);
    if (await pollUntil(limits.upstreamStopMs, isGone)) return true;
  }
  return false;
}
