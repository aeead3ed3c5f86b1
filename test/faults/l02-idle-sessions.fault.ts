import { startCrowd } from './crowd.ts';
import { faultLine, LONG } from './line.ts';
import { cpuOf, heapOf, rssOf } from './meter.ts';
import { startSubject } from './subject.ts';

const SESSIONS = 10_000;
const CROWDS = 2;
/** As many as `limits.sessionsPerGrant` leaves room for. */
const SESSIONS_PER_GRANT = 60;
/** What they open again once all are gone. */
const SECOND_WAVE = 2_000;
/** One keep-alive comes every 15 s. */
const IDLE_MS = LONG ? 600_000 : 16_000;
/** Node's own TLS sockets take 45 KB each, uWebSockets.js' 10 KB (measured). */
const RSS_MB = { uws: 250, https: 600 } as const;
const CPU_PERCENT = 15;
const HEAP_LEFT = 1.2;

/** What the helper says. */
interface Seen {
  readonly opened: number;
  readonly closed: number;
  readonly keepAlives: number;
}

const sum = (all: readonly Seen[], what: keyof Seen): number =>
  all.reduce((total, seen) => total + seen[what], 0);

faultLine(
  {
    number: 'L2',
    input: `${SESSIONS} idle sessions on SSE streams, with keep-alives for ${IDLE_MS / 1_000} s`,
    promised:
      `RSS at most ${RSS_MB.uws} MB more (https: ${RSS_MB.https} MB), CPU below ${CPU_PERCENT} %; all gone: no ` +
      'session and no connection left, the heap within 20 % of before, and the next sessions take no new memory',
    timeoutMs: 240_000 + IDLE_MS,
  },
  async (engine) => {
    const env = { CLAUDE_SECURE_CONNECTIONS: String(SESSIONS + 500) };
    const subject = await startSubject(engine, { env, descriptors: SESSIONS + 1_000 });
    const { home, pid, port, ca, mint, open, allGone } = subject;
    const tokens = await mint(Math.ceil(SESSIONS / SESSIONS_PER_GRANT));

    async function arrive(sessions: number) {
      const crowds = Array.from({ length: CROWDS }, () => startCrowd('sse-clients'));
      const count = sessions / CROWDS;
      await Promise.all(crowds.map((crowd) => crowd.tell({ port, ca, tokens, count })));
      const look = () => Promise.all(crowds.map((crowd) => crowd.tell<Seen>({})));
      return { look, leave: () => Promise.all(crowds.map((crowd) => crowd.leave())) };
    }

    // What every later session shares is loaded by the first ones.
    await (await arrive(100)).leave();
    await allGone();
    const heapBefore = await heapOf(pid, home);
    const rssBefore = rssOf(pid);

    const wave = await arrive(SESSIONS);
    const first = await wave.look();
    const cpu = await cpuOf(pid, IDLE_MS);
    const last = await wave.look();
    const rssOpen = rssOf(pid);
    const { sessions } = await open();
    await wave.leave();
    await allGone();
    const rssLeft = rssOf(pid);
    const again = await arrive(SECOND_WAVE);
    const rssAgain = rssOf(pid);
    await again.leave();
    await allGone();
    const heapAfter = await heapOf(pid, home);

    const comments = sum(last, 'keepAlives') - sum(first, 'keepAlives');
    const isWhole = sessions === SESSIONS && sum(last, 'closed') === 0 && comments >= SESSIONS;
    return [
      { what: 'open', seen: `${sessions} sessions, ${comments} keep-alives`, held: isWhole },
      {
        what: 'RSS',
        seen: `${rssBefore.toFixed(0)} to ${rssOpen.toFixed(0)} MB`,
        held: rssOpen <= rssBefore + RSS_MB[engine],
      },
      { what: 'CPU', seen: `${cpu.toFixed(1)} %`, held: cpu < CPU_PERCENT },
      {
        what: 'all gone: heap',
        seen: `${heapBefore.toFixed(1)} to ${heapAfter.toFixed(1)} MB`,
        held: heapAfter <= heapBefore * HEAP_LEFT,
      },
      {
        what: `RSS ${rssLeft.toFixed(0)} MB, with ${SECOND_WAVE} sessions again`,
        seen: `${rssAgain.toFixed(0)} MB`,
        held: rssAgain <= Math.max(rssOpen, rssLeft),
      },
    ];
  },
);
