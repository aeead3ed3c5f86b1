import { openSession, tryOpenSession } from '../support/mcp-session.ts';
import { findProcesses, memoryOf } from '../support/processes.ts';
import { startDaemon } from '../support/program.ts';
import { lifeServer, type ServedUpstreams, type ServerEntry, startServers } from '../support/upstreams.ts';
import { waitFor } from '../support/wait-for.ts';
import { faultLine } from './line.ts';

const CALLS = 400;
const FIXTURE = 'life-upstream.mjs';
const GIB_IN_MIB = 1_024;

interface Trouble {
  readonly entry: ServerEntry;
  /** What its client calls, once it has a session. */
  readonly call?: readonly [tool: string, args?: object];
}

/** A child that has ended, and that the server never asks for. */
const withZombie = (): ServerEntry => {
  const { command, args = [] } = lifeServer();
  return { command: 'sh', args: ['-c', 'true & exec "$0" "$@"', command, ...args] };
};

const TROUBLES: Readonly<Record<string, Trouble>> = {
  'crashes-at-start': { entry: lifeServer('exits', '3') },
  'crash-loop': { entry: lifeServer('dies') },
  'hangs-at-initialize': { entry: lifeServer('silent') },
  'hangs-in-a-call': { entry: lifeServer(), call: ['hang'] },
  'closes-stdin': { entry: lifeServer('deaf'), call: ['echo'] },
  drips: { entry: lifeServer('drips') },
  zombie: { entry: withZombie(), call: ['echo'] },
  stubborn: { entry: lifeServer('stubborn'), call: ['hang'] },
  'one-gigabyte': { entry: lifeServer(), call: ['long-line', { mebibytes: GIB_IN_MIB }] },
};

const p99 = (times: readonly number[]): number =>
  times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? Number.POSITIVE_INFINITY;

/** Calls the good server again and again; gives how long each call took. */
async function measureGood({ at }: ServedUpstreams): Promise<number[]> {
  const good = await openSession(at('good'));
  const times: number[] = [];
  for (let count = 0; count < CALLS; count++) {
    const asked = performance.now();
    await good.call('echo', { count });
    times.push(performance.now() - asked);
  }
  return times;
}

/** The trouble begins; nobody waits for its end. */
function begin({ at }: ServedUpstreams, name: string, { call }: Trouble): void {
  void tryOpenSession(at(name))
    .then(({ session }) => call && session?.tryCall(...call))
    .catch(() => undefined);
}

faultLine(
  {
    number: 'L13',
    input: `an upstream that is in trouble (${Object.keys(TROUBLES).join(', ')}), then kill -9 of the daemon`,
    promised:
      'p99 of another one < twice what it is alone + 100 ms meanwhile; the daemon stays small; no process is left',
    timeoutMs: 300_000,
  },
  async (engine) => {
    const entries = Object.entries(TROUBLES).map(([name, { entry }]) => [name, entry] as const);
    const servers = { ...Object.fromEntries(entries), good: lifeServer() };
    const served = await startServers(servers, { CLAUDE_SECURE_ENGINE: engine });
    const { home, daemon } = served;
    await measureGood(served);
    const quiet = p99(await measureGood(served));
    const before = memoryOf(daemon.state.pid).peak;
    let worst = { name: '', ms: 0 };
    for (const [name, trouble] of Object.entries(TROUBLES)) {
      begin(served, name, trouble);
      const ms = p99(await measureGood(served));
      if (ms > worst.ms) worst = { name, ms };
    }
    const grown = memoryOf(daemon.state.pid).peak - before;
    const running = findProcesses(home, FIXTURE);
    process.kill(daemon.state.pid, 'SIGKILL');
    await daemon.running.ended;
    await startDaemon(home);
    const left = (): number[] => findProcesses(home, FIXTURE).filter((pid) => running.includes(pid));
    await waitFor('the orphans to end', () => left().length === 0, 15_000).catch(() => undefined);
    return [
      { what: 'p99 alone', seen: `${quiet.toFixed(1)} ms`, held: true },
      {
        what: 'worst p99',
        seen: `${worst.ms.toFixed(1)} ms (${worst.name})`,
        held: worst.ms < 2 * quiet + 100,
      },
      { what: 'grown by', seen: `${Math.round(grown)} MiB`, held: grown < 150 },
      {
        what: 'orphans',
        seen: `${left().length} of ${running.length}`,
        held: running.length > 0 && left().length === 0,
      },
    ];
  },
);
