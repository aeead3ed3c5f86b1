import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { askControl } from '../support/control.ts';
import { openSession } from '../support/mcp-session.ts';
import { statelessHeaders, statelessMessage } from '../support/stateless-request.ts';
import { type ServedUpstreams, startServers, streamingServer } from '../support/upstreams.ts';
import { waitFor } from '../support/wait-for.ts';
import { faultLine, LONG, type Reading } from './line.ts';

const CALLS = LONG ? 5_000 : 400;
const AT_ONCE = 10;
const STEPS = 8;
const CANCELLED_MS = 1_000;
/** Connections of who asks what is left. */
const OWN = 2;

/** Where the client leaves: so far it sends, and until it has read that it stays. */
interface Point {
  readonly what: string;
  /** The share of the head and of the body that it sends; nothing at all before TLS. */
  readonly sent: { readonly head: number; readonly body: number } | undefined;
  readonly read?: string;
  /** Whether the tool answers at all. */
  readonly isFinished?: boolean;
}

const WHOLE = { head: 1, body: 1 };
const POINTS: readonly Point[] = [
  { what: 'before TLS', sent: undefined },
  { what: 'after the handshake', sent: { head: 0, body: 0 } },
  { what: 'in the request line', sent: { head: 0.02, body: 0 } },
  { what: 'in the headers', sent: { head: 0.5, body: 0 } },
  { what: 'before the empty line', sent: { head: 0.99, body: 0 } },
  { what: 'before the body', sent: { head: 1, body: 0 } },
  { what: 'in the body', sent: { head: 1, body: 0.5 } },
  { what: 'before the last bytes of the body', sent: { head: 1, body: 0.98 } },
  { what: 'behind the request', sent: WHOLE },
  { what: 'at the first byte of the answer', sent: WHOLE, read: 'H' },
  { what: 'at the end of the answer’s head', sent: WHOLE, read: '\r\n\r\n' },
  ...Array.from({ length: STEPS - 1 }, (_, step) => ({
    what: `at step ${step + 1}`,
    sent: WHOLE,
    read: `"progress":${step + 1}`,
  })),
  { what: 'in the result', sent: WHOLE, read: '"result"', isFinished: true },
  { what: 'behind the result', sent: WHOLE, read: '\r\n0\r\n\r\n', isFinished: true },
];

function requestOf({ daemon, at }: ServedUpstreams, key: string, isFinished: boolean) {
  const { url, token } = at('streaming');
  const params = { name: 'stream', arguments: { key, steps: STEPS, isFinished } };
  const { params: own, ...message } = statelessMessage('tools/call', params);
  const _meta = { ...(own._meta as object), progressToken: key };
  const body = JSON.stringify({ ...message, params: { ...own, _meta } });
  const headers = {
    host: new URL(daemon.url).host,
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'content-length': body.length,
    ...statelessHeaders({ ...message, params: own }),
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return { head: `POST ${new URL(url).pathname} HTTP/1.1\r\n${lines.join('')}\r\n`, body };
}

const part = (text: string, share: number): string => text.slice(0, Math.floor(text.length * share));

async function readUntil(socket: TLSSocket, wanted: string): Promise<void> {
  let text = '';
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += chunk;
    if (text.includes(wanted)) return;
  }
  throw new Error(`the answer ended before ${wanted}: ${text}`);
}

/** Gives when it left. */
async function leaveAt({ sent, read, isFinished = false }: Point, served: ServedUpstreams, key: string) {
  const { port } = served.daemon.state;
  if (!sent) {
    const socket = connectTcp({ host: '127.0.0.1', port });
    await once(socket, 'connect');
    socket.resetAndDestroy();
    return Date.now();
  }
  const socket = connect({ host: '127.0.0.1', port, ca: served.daemon.ca });
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect');
  const { head, body } = requestOf(served, key, isFinished);
  const bytes = part(head, sent.head) + part(body, sent.body);
  if (bytes !== '') await new Promise<void>((resolve) => void socket.write(bytes, () => resolve()));
  if (read !== undefined) await readUntil(socket, read);
  socket.destroy();
  return Date.now();
}

const descriptorsOf = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

interface Seen {
  readonly begunMs: number;
  readonly cancelledMs?: number;
}

faultLine(
  {
    number: 'L5',
    input: `clients that leave at each of ${POINTS.length} points of a streaming call, ${CALLS} times`,
    promised: `the server is told within ${CANCELLED_MS} ms, nothing is written afterwards, nothing is left`,
    timeoutMs: LONG ? 600_000 : 120_000,
  },
  async (engine): Promise<readonly Reading[]> => {
    const served = await startServers({ streaming: streamingServer() }, { CLAUDE_SECURE_ENGINE: engine });
    const { home, daemon, at } = served;
    const { pid } = daemon.state;
    const session = await openSession(at('streaming'));
    const before = descriptorsOf(pid);
    const leftMs = new Map<string, number>();
    for (let first = 0; first < CALLS; first += AT_ONCE) {
      const numbers = Array.from({ length: AT_ONCE }, (_, index) => first + index);
      await Promise.all(
        numbers.map(async (number) => {
          const point = POINTS[number % POINTS.length] as Point;
          leftMs.set(`${number}`, await leaveAt(point, served, `${number}`));
        }),
      );
    }
    const readSeen = async () => (await session.call('seen', {})) as Record<string, Seen>;
    const pointOf = (key: string) => POINTS[Number(key) % POINTS.length] as Point;
    const open = (all: Record<string, Seen>): string[] =>
      Object.keys(all).filter((key) => !pointOf(key).isFinished && all[key]?.cancelledMs === undefined);
    await waitFor('the calls to be cancelled', async () => open(await readSeen()).length === 0).catch(
      () => undefined,
    );
    const seen = await readSeen();
    const cancelled = Object.entries(seen).filter(([, { cancelledMs }]) => cancelledMs !== undefined);
    const slowestMs = Math.max(
      ...cancelled.map(
        ([key, { begunMs, cancelledMs = 0 }]) => cancelledMs - Math.max(begunMs, leftMs.get(key) ?? 0),
      ),
    );
    const early = Object.keys(seen).filter((key) => pointOf(key).sent !== WHOLE);
    const errors = readFileSync(home.paths.daemonLog, 'utf8')
      .split('\n')
      .filter((line) => line.includes('"level":"error"'));
    const isQuiet = async () =>
      (await askControl(home, 'status', {})).connections <= OWN && descriptorsOf(pid) <= before + OWN;
    const isLeft = await waitFor('the connections to be gone', isQuiet).catch(() => false);
    const { connections, sessions } = await askControl(home, 'status', {});
    const still = await session.request('ping');
    return [
      { what: 'cancelled', seen: `${cancelled.length}`, held: cancelled.length > CALLS / 3 },
      { what: 'not cancelled', seen: `${open(seen).length}`, held: open(seen).length === 0 },
      { what: 'the slowest', seen: `${slowestMs} ms`, held: slowestMs <= CANCELLED_MS },
      { what: 'ran for half a request', seen: `${early.length}`, held: early.length === 0 },
      { what: 'faults', seen: errors[0] ?? '0', held: errors.length === 0 },
      {
        what: 'left',
        seen: `${connections} connections, ${sessions} sessions, ${descriptorsOf(pid) - before} descriptors`,
        held: isLeft && sessions === 1,
      },
      { what: 'alive', seen: still.result ? 'yes' : 'no', held: still.result !== undefined },
    ];
  },
);
