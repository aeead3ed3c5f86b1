import { trust } from '../mcp/trusted-fetch.ts';
import { approveAsOwner } from '../support/control.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import { openSession } from '../support/mcp-session.ts';
import { readTokens, refresh, type SignedIn, signIn, useToken } from '../support/oauth-client.ts';
import { cpuSecondsOf, isAlive } from '../support/processes.ts';
import { createProgramHome, type Daemon, startDaemon } from '../support/program.ts';
import { waitFor } from '../support/wait-for.ts';
import { faultLine } from './line.ts';

const WATCHED_MS = 2_500;
const SUSPENDED_MS = 1_000;
/** R45: a stream of an expired token closes within 5 s. */
const CLOSING_MS = 5_000;
/** A beat every two seconds takes next to nothing; a timer gone mad takes a whole core. */
const BUSY_SHARE = 0.2;

const pass = async (ms: number): Promise<void> => {
  const end = performance.now() + ms;
  await waitFor('time to pass', () => performance.now() > end, 2 * ms);
};

interface Jump {
  readonly to: string;
  /** The status of the token from before the jump. */
  readonly expected: 200 | 401;
  readonly isAsleep?: boolean;
}

/** One after the other. A certificate of +400 d is none to a client of today: see e2e/clock.test.ts. */
const JUMPS: readonly Jump[] = [
  { to: '-2h', expected: 200 },
  { to: '+2h', expected: 401 },
  { to: '-2h', expected: 200 },
  { to: '-20000d', expected: 200 },
  { to: '+12h', expected: 401, isAsleep: true },
  { to: '+0', expected: 200 },
];

/** The clock jumps; the machine sleeps meanwhile, or not. */
async function make({ to, isAsleep }: Jump, clock: FakeClock, { state }: Daemon): Promise<void> {
  if (!isAsleep) return clock.jump(to);
  process.kill(state.pid, 'SIGSTOP');
  clock.jump(to);
  await pass(SUSPENDED_MS);
  process.kill(state.pid, 'SIGCONT');
}

/** Opens a stream of this client's; `closed` resolves once the daemon has ended it. */
async function listen({ url }: Daemon, { accessToken }: SignedIn): Promise<{ closed: Promise<unknown> }> {
  const session = await openSession({ url: `${url}/mcp`, token: accessToken });
  const response = await session.listen();
  return { closed: response.text().catch(() => undefined) };
}

faultLine(
  {
    number: 'L9',
    input: `the clock jumps under a session: ${JUMPS.map(({ to, isAsleep }) => `${to}${isAsleep ? ' asleep' : ''}`).join(', ')}`,
    promised: 'no token dies early or late; an expired stream closes in 5 s; a refresh goes on; CPU < 20 %',
  },
  async (engine) => {
    const home = await createProgramHome({ CLAUDE_SECURE_ENGINE: engine });
    const clock = createFakeClock(home);
    const daemon = await startDaemon(home, clock.env);
    trust(daemon.url, daemon.ca);
    let client = await signIn(home, approveAsOwner);
    const wrong: string[] = [];
    let busiest = 0;
    let slowestMs = 0;
    for (const jump of JUMPS) {
      const { closed } = await listen(daemon, client);
      await make(jump, clock, daemon);
      const begun = performance.now();
      const used = cpuSecondsOf(daemon.state.pid);
      const status = await useToken(home, client.accessToken);
      if (status !== jump.expected) wrong.push(`${jump.to}: ${status}`);
      if (status === 401) {
        await closed;
        slowestMs = Math.max(slowestMs, performance.now() - begun);
      }
      await pass(WATCHED_MS);
      busiest = Math.max(
        busiest,
        (cpuSecondsOf(daemon.state.pid) - used) / ((performance.now() - begun) / 1_000),
      );
      client = readTokens(await refresh(home, client), client.clientId);
    }
    return [
      { what: 'wrong answers', seen: wrong.join('; ') || '0', held: wrong.length === 0 },
      { what: 'slowest end of a stream', seen: `${Math.round(slowestMs)} ms`, held: slowestMs < CLOSING_MS },
      { what: 'highest CPU', seen: `${Math.round(busiest * 100)} %`, held: busiest < BUSY_SHARE },
      { what: 'the same daemon', seen: String(isAlive(daemon.state.pid)), held: isAlive(daemon.state.pid) },
    ];
  },
);
