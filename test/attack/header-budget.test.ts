import { beforeEach, describe, expect, it } from 'vitest';
import { initialize } from '../mcp/client.ts';
import { type Attacked, startAttacked } from '../support/attacked.ts';
import { mintFor } from '../support/control.ts';
import { ENGINES } from '../support/listen.ts';
import { ask, register, signIn } from '../support/oauth-client.ts';
import type { RawAnswer } from '../support/raw-tls.ts';

const KIB = 1_024;
const AT_ONCE = 25;

/** What came back, but for the second in which it did, and for the two ways in which uWebSockets.js says 431. */
const essence = ({ text, statuses }: RawAnswer): string =>
  statuses[0] === 431 ? '431' : text.replace(/^date: .*\r\n/im, '');

describe.each(ENGINES)('headers at the built daemon on %s', (engine) => {
  let attacked: Attacked;
  beforeEach(async () => {
    attacked = await startAttacked(engine);
  });

  const post = (token: string, body: string, padding = ''): string =>
    attacked.place(
      [
        'POST /mcp HTTP/1.1',
        'Host: HOST',
        `Authorization: Bearer ${token}`,
        'Content-Type: application/json',
        'Accept: application/json, text/event-stream',
        `X-Padding: ${padding}`,
        `Content-Length: ${body.length}`,
        '',
        body,
      ].join('\r\n'),
    );

  /** Sends the bytes once for every place, cut in two there; gives the answers that differ. */
  async function sendSplit(
    bytes: string,
    places: readonly number[],
  ): Promise<{ place: number; text: string }[]> {
    const expected = essence(await attacked.send(bytes, { answers: 1 }));
    const answers: { place: number; text: string }[] = [];
    for (let first = 0; first < places.length; first += AT_ONCE) {
      const batch = places.slice(first, first + AT_ONCE).map(async (place) => {
        const parts = [bytes.slice(0, place), bytes.slice(place)];
        return { place, text: essence(await attacked.send(parts, { answers: 1 })) };
      });
      answers.push(...(await Promise.all(batch)));
    }
    return answers.filter(({ text }) => text !== expected);
  }

  /**
   * uWebSockets.js 3.0.6 wants the request line whole once the method is there. Every client writes it so; nothing runs
   * if one does not.
   */
  function expectSame(bytes: string, different: readonly { place: number; text: string }[]): void {
    const [line = ''] = bytes.split('\r\n', 1);
    const isInLine = (place: number): boolean => place >= line.indexOf(' ') && place <= line.length + 1;
    const wrong = different.filter(
      ({ place, text }) => !(engine === 'uws' && isInLine(place) && text.startsWith('HTTP/1.1 505 ')),
    );
    expect(wrong).toEqual([]);
  }

  it('R17: 15 KB of headers with a good token open a session, 17 KB get 431, wherever the bytes are split', async () => {
    const { home, send, expectAlive } = attacked;
    const token = await mintFor(home, home.dir);
    const fits = post(token, JSON.stringify(initialize()), 'a'.repeat(15 * KIB - token.length - 200));
    expect((await send(fits, { answers: 1 })).statuses).toEqual([200]);
    for (const [size, status] of [
      [15 * KIB, 401],
      [17 * KIB, 431],
    ] as const) {
      const bytes = attacked.place(
        `GET /mcp HTTP/1.1\r\nHost: HOST\r\nX-Padding: ${'a'.repeat(size)}\r\n\r\n`,
      );
      expect((await send(bytes, { answers: 1 })).statuses).toEqual([status]);
      const every = Array.from({ length: Math.ceil(bytes.length / 512) }, (_, index) => 512 * index + 1);
      const places = [...every, 17, 40, bytes.length - 3, bytes.length - 2, bytes.length - 1];
      expectSame(bytes, await sendSplit(bytes, places));
    }
    await expectAlive();
  });

  it('R17: wherever a request is split it gets the same answer, but for its first line on uWebSockets.js', async () => {
    const bytes = post(await mintFor(attacked.home, attacked.home.dir), '{"jsonrpc":"2.0"}');
    expect((await attacked.send(bytes, { answers: 1 })).statuses).toEqual([400]);
    const places = Array.from(bytes.slice(1), (_, index) => index + 1);
    // All of the first lines and of the end; between them is one long token.
    const chosen = places.filter((place) => place < 80 || place % 13 === 0 || place > bytes.length - 40);
    const different = await sendSplit(bytes, chosen);
    expectSame(bytes, different);
    expect(different).toHaveLength(engine === 'uws' ? 'POST /mcp HTTP/1.1\r'.length - 'POST'.length + 1 : 0);
    await attacked.expectAlive();
  });

  it('R17: an authorize URL of 8 KB shows the page, and no token is longer than 2 KB', async () => {
    const { home } = attacked;
    const { client_id: id } = JSON.parse((await register(home)).text);
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: id,
      redirect_uri: 'http://127.0.0.1:9/callback',
      code_challenge: 'a'.repeat(43),
      code_challenge_method: 'S256',
      state: 's'.repeat(8 * KIB),
    });
    expect((await ask(home, { path: `/oauth/authorize?${query}` })).status).toBe(200);
    const { accessToken } = await signIn(home);
    expect(accessToken.length).toBeLessThan(2 * KIB);
    expect((await mintFor(home, home.dir)).length).toBeLessThan(2 * KIB);
  });

  it('R17: 100 headers pass; more get 431, or no answer from uWebSockets.js', async () => {
    const head = (count: number): string =>
      attacked.place(`GET /mcp HTTP/1.1\r\nHost: HOST\r\n${'X-A: b\r\n'.repeat(count - 1)}\r\n`);
    // uWebSockets.js keeps two places of its hundred for itself.
    expect((await attacked.send(head(engine === 'uws' ? 98 : 100), { answers: 1 })).statuses).toEqual([401]);
    const { statuses } = await attacked.send(head(101), { answers: 1, patienceMs: 2_000 });
    expect(statuses).toEqual(engine === 'uws' ? [] : [431]);
    await attacked.expectAlive();
  });
});
