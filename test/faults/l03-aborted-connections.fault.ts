import { limits } from '../../src/limits.ts';
import { waitFor } from '../support/wait-for.ts';
import { startCrowd } from './crowd.ts';
import { faultLine, LONG } from './line.ts';
import { descriptorsOf, heapOf } from './meter.ts';
import { startSubject } from './subject.ts';

const CONNECTIONS = LONG ? 100_000 : 10_000;
/** limits.sessionsPerGrant is 64, and so many clients are there at once. */
const GRANTS = 2;
const WARM_UP = 500;
/** node:https does not hear of every reset (measured): then the time limit of whoever reads nothing ends the connection. */
const SETTLE_MS = limits.streamStallMs + 5_000;
const HEAP_LEFT = 1.2;

/** How far the clients came before they reset their connection. */
interface Far {
  readonly refused: number;
  readonly handshake: number;
  readonly request: number;
  readonly answer: number;
}

faultLine(
  {
    number: 'L3',
    input: `${CONNECTIONS} connections reset at a random byte of handshake, request or answer`,
    promised: `none refused, alive, descriptors as before within ${SETTLE_MS / 1_000} s, no session and no connection left, the heap within 20 %`,
    timeoutMs: 60_000 + CONNECTIONS * 10,
  },
  async (engine) => {
    const { home, pid, port, ca, mint, open, allGone } = await startSubject(engine);
    const tokens = await mint(GRANTS);
    const abort = (count: number): Promise<Far> =>
      startCrowd('aborting-clients').tell<Far>({ port, ca, tokens, count });
    await abort(WARM_UP);
    await allGone();
    const heapBefore = await heapOf(pid, home);
    const before = descriptorsOf(pid);
    const far = await abort(CONNECTIONS);
    const sinceMs = performance.now();
    const isSettled = (): boolean => descriptorsOf(pid) <= before;
    // How many are left if they are not is what the line is about.
    await waitFor('the descriptors to be closed', isSettled, SETTLE_MS).catch(() => undefined);
    const settledMs = performance.now() - sinceMs;
    const after = descriptorsOf(pid);
    const { connections, sessions } = await open();
    const heapAfter = await heapOf(pid, home);
    return [
      {
        what: 'cut in',
        seen: `handshake ${far.handshake}, request ${far.request}, answer ${far.answer}`,
        held: Math.min(far.handshake, far.request, far.answer) > 0,
      },
      { what: 'refused', seen: String(far.refused), held: far.refused === 0 },
      {
        what: 'descriptors',
        seen: `${before} to ${after} in ${(settledMs / 1_000).toFixed(1)} s`,
        held: after <= before,
      },
      {
        what: 'left',
        seen: `${connections} connections, ${sessions} sessions`,
        held: connections + sessions === 0,
      },
      {
        what: 'heap',
        seen: `${heapBefore.toFixed(1)} to ${heapAfter.toFixed(1)} MB`,
        held: heapAfter <= heapBefore * HEAP_LEFT,
      },
    ];
  },
);
