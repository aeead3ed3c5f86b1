import { readFileSync } from 'node:fs';
import seeds from '../corpus/fuzz-seeds.json' with { type: 'json' };
import rows from '../corpus/raw-requests.json' with { type: 'json' };
import type { Attacked } from './attacked.ts';
import { mintFor } from './control.ts';
import { mutate } from './mutate.ts';
import { ask } from './oauth-client.ts';
import { createRandom } from './random.ts';
import type { RawAnswer } from './raw-tls.ts';

const AT_ONCE = 48;
const REQUESTS = [...seeds.requests, ...rows.map(({ raw }) => raw)];
/** Of the statuses from 500 on only this one is a client's doing. */
const HTTP_VERSION = 505;
/** What anybody may ask. */
const OPEN_TO_ALL = /\/health|\/\.well-known\/|\/oauth\/(?:jwks|authorize|consent|register|revoke)/;

export interface FuzzReport {
  sent: number;
  answered: number;
  /** The longest that anybody else waited meanwhile. */
  longestMs: number;
  /** Requests, as JSON, and what is wrong with what came back. */
  readonly wrong: string[];
}

/** Says what is wrong with an answer; undefined if nothing is. */
function judge(bytes: string, { text, statuses }: RawAnswer, secrets: readonly string[]): string | undefined {
  if (statuses.some((status) => status >= 500 && status !== HTTP_VERSION)) return 'a fault of ours';
  if (text !== '' && !/^HTTP\/1\.1 \d{3} /.test(text)) return 'not an HTTP answer';
  if (/^(?:set-cookie|access-control-)/im.test(text)) return 'a header that is never sent';
  if (/\n\s+at .*:\d+:\d+|\/dist\/|node_modules/.test(text)) return 'a stack or a path of ours';
  if (statuses.some((status) => status > 100 && status < 300)) {
    const isOpen = OPEN_TO_ALL.test(bytes);
    if (!isOpen && !secrets.some((secret) => bytes.includes(secret))) return 'more than it deserves';
    if (!/host:\s*(?:127\.0\.0\.1|localhost):\d+/i.test(bytes)) return 'an answer to a foreign host';
  }
  if (text.includes('instanceId') && !bytes.includes('/health')) return 'an answer to another question';
  return undefined;
}

/** Sends mutated requests for so long, or so many; the same ones for the same seed. */
export async function fuzzHttp(
  attacked: Attacked,
  seed: number,
  {
    rounds = Number.POSITIVE_INFINITY,
    forMs = Number.POSITIVE_INFINITY,
  }: { rounds?: number; forMs?: number },
): Promise<FuzzReport> {
  const { home, place, send } = attacked;
  const random = createRandom(seed);
  const secrets = [await mintFor(home, home.dir), readFileSync(home.paths.ownerSecret, 'utf8').trim()];
  const fill = (raw: string): string =>
    place(raw).replaceAll('TOKEN', secrets[0]!).replaceAll('OWNER', secrets[1]!);
  const requests = REQUESTS.map(fill);
  const report: FuzzReport = { sent: 0, answered: 0, longestMs: 0, wrong: [] };

  async function attack(bytes: string): Promise<void> {
    const answer = await send(bytes, { quietMs: 40, patienceMs: 250 });
    report.sent++;
    if (answer.text !== '') report.answered++;
    const problem = judge(bytes, answer, secrets);
    if (problem) report.wrong.push(`${problem}: ${JSON.stringify(bytes)} -> ${answer.text.slice(0, 300)}`);
  }

  /** Sends them all at once, and sees how long somebody else waits then. */
  async function attackWith(batch: readonly string[]): Promise<void> {
    await Promise.all(batch.map(attack));
    const startMs = performance.now();
    const { status } = await ask(home, { path: '/health' });
    report.longestMs = Math.max(report.longestMs, performance.now() - startMs);
    if (status !== 200) report.wrong.push(`/health is ${status}`);
  }

  // What was found once is sent every time.
  await attackWith((seeds.found as string[]).map(fill));
  const endMs = performance.now() + forMs;
  while (report.sent < rounds && performance.now() < endMs) {
    await attackWith(Array.from({ length: AT_ONCE }, () => mutate(requests, random)));
  }
  return report;
}
