import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { errnoOf } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { spawnPiped } from '../../spawn.ts';
import { processStart } from '../../state.ts';
import { endGroup, signalGroup } from './process-group.ts';
import type { ProcessRegistry } from './process-registry.ts';
import type { StartPlan } from './start-plan.ts';

/** A running program, from its start until the last process of its group is gone. */
export interface Child {
  readonly pid: number;
  readonly stdin: ChildProcessWithoutNullStreams['stdin'];
  readonly stdout: ChildProcessWithoutNullStreams['stdout'];
  readonly stderr: ChildProcessWithoutNullStreams['stderr'];
  /** How the program itself ended: `ended with status 1`. What is left of its group is being ended then. */
  readonly exited: Promise<string>;
  /** Ends the whole group at once. */
  kill(): void;
  /**
   * Closes stdin, sends SIGTERM to the group after `limits.upstreamStopMs`, SIGKILL after the same again. Resolves
   * once the group is gone.
   */
  stop(): Promise<void>;
}

const describeExit = (status: number | null, signal: NodeJS.Signals | null): string =>
  signal === null ? `ended with status ${status}` : `was ended by ${signal}`;

async function spawn({ file, args, env, cwd }: StartPlan): Promise<ChildProcessWithoutNullStreams> {
  try {
    const child = spawnPiped(file, args, { env, cwd });
    await once(child, 'spawn');
    return child;
  } catch (error) {
    // Node's own message may quote a value of the environment.
    throw new Error(`the command ${file} cannot be started (${errnoOf(error) || 'for an unknown reason'})`);
  }
}

/** Starts the program. Rejects with a one-line reason if the system refuses. */
export async function startChild(
  plan: StartPlan,
  upstream: string,
  processes: ProcessRegistry,
): Promise<Child> {
  if (!processes.hasRoom()) throw new Error(`${limits.upstreamProcesses} servers run already`);
  const child = await spawn(plan);
  const { stdin, stdout, stderr } = child;
  const pid = child.pid as number;
  const exited = once(child, 'exit').then(([status, signal]) => describeExit(status, signal));
  const leader = { pid, procStart: processStart(pid) };
  let stopped: Promise<void> | undefined;
  processes.add(leader, upstream);

  async function stop(): Promise<void> {
    stdin.end();
    await settledWithin(limits.upstreamStopMs, exited);
    await groupGone();
  }

  let gone: Promise<void> | undefined;
  function groupGone(): Promise<void> {
    gone ??= endGroup(leader).then((isGone) => {
      // One that cannot be ended now is left to the next daemon.
      if (isGone) processes.remove(pid);
    });
    return gone;
  }
  void exited.then(groupGone);

  return {
    pid,
    stdin,
    stdout,
    stderr,
    exited,
    kill: () => signalGroup(leader, 'SIGKILL'),
    stop() {
      stopped ??= stop();
      return stopped;
    },
  };
}

async function settledWithin(timeoutMs: number, promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise((resolve) => {
    timer = setTimeout(resolve, timeoutMs);
  });
  await Promise.race([promise, timeout]);
  clearTimeout(timer);
}
