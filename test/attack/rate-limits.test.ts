import { beforeEach, describe, expect, it } from 'vitest';
import { limits } from '../../src/limits.ts';
import { type Attacked, startAttacked } from '../support/attacked.ts';
import { ENGINES } from '../support/listen.ts';
import { refresh, signIn, useToken } from '../support/oauth-client.ts';

const OTHER_PEER = '127.0.0.7';
const JSON_BODY = '{"redirect_uris":["http://127.0.0.1:9/callback"]}';
const FORM_BODY = 'grant_type=refresh_token';

const post = (path: string, type: string, body: string): string =>
  `POST ${path} HTTP/1.1\r\nHost: HOST\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

/** Each route with a limit: what a request gets before it, and how many get that within a minute. */
const LIMITED = [
  {
    what: 'registrations',
    raw: post('/oauth/register', 'application/json', JSON_BODY),
    status: 201,
    perMinute: limits.registrationsPerMinute,
  },
  {
    what: 'authorization requests',
    raw: 'GET /oauth/authorize?client_id=nobody HTTP/1.1\r\nHost: HOST\r\n\r\n',
    status: 400,
    perMinute: limits.authorizationsPerMinute,
  },
  {
    what: 'failures at the token endpoint',
    raw: post('/oauth/token', 'application/x-www-form-urlencoded', FORM_BODY),
    status: 401,
    perMinute: limits.tokenFailuresPerMinute,
  },
];

describe.each(ENGINES)('rate limits of the built daemon on %s', (engine) => {
  let attacked: Attacked;
  beforeEach(async () => {
    attacked = await startAttacked(engine);
  });

  it('R19: past its limit each route says when to come back; good tokens and other peers are served', async () => {
    const { home, place, send, expectAlive } = attacked;
    // Before the flood, as it takes a registration and an authorization of its own.
    const client = await signIn(home);
    for (const { what, raw, status, perMinute } of LIMITED) {
      const flood = Array.from({ length: perMinute + 2 }, () => place(raw));
      const options = { inTurn: true, answers: flood.length, localAddress: OTHER_PEER };
      const { statuses, text } = await send(flood, options);
      const served = Array.from({ length: perMinute }, () => status);
      expect({ what, statuses }).toEqual({ what, statuses: [...served, 429, 429] });
      const [head = ''] = text.slice(text.lastIndexOf('HTTP/1.1 429')).split('\r\n\r\n');
      const wait = Number(/^retry-after: (\d+)$/im.exec(head.replaceAll('\r', ''))?.[1]);
      expect(wait >= 1 && wait <= 60, head).toBe(true);
      expect(head).toMatch(/^cache-control: no-store\r$/im);
      const fromElsewhere = await send(place(raw), { answers: 1, localAddress: '127.0.0.8' });
      expect({ what, statuses: fromElsewhere.statuses }).toEqual({ what, statuses: [status] });
    }
    expect(await useToken(home, client.accessToken)).toBe(200);
    expect((await refresh(home, client)).status).toBe(200);
    await expectAlive();
  });

  it('R19: at its own limit a peer keeps what it has: a good token and a good refresh', async () => {
    const { home, place, send } = attacked;
    const client = await signIn(home);
    const { raw, perMinute } = LIMITED.at(-1)!;
    const flood = Array.from({ length: perMinute + 1 }, () => place(raw));
    expect((await send(flood, { inTurn: true, answers: flood.length })).statuses.at(-1)).toBe(429);
    expect(await useToken(home, client.accessToken)).toBe(200);
    expect((await refresh(home, client)).status).toBe(200);
  });
});
