import { beforeEach, describe, expect, it } from 'vitest';
import rows from '../corpus/raw-requests.json' with { type: 'json' };
import { type Attacked, startAttacked } from '../support/attacked.ts';
import { askControl, mintFor } from '../support/control.ts';
import { ENGINES } from '../support/listen.ts';
import { ask } from '../support/oauth-client.ts';
import type { RawAnswer } from '../support/raw-tls.ts';

/** uWebSockets.js closes what it does not answer after about 10 s. */
const SILENCE_MS = 20_000;
/** On a busy machine a close may take its time; a connection that stays open is left after a second. */
function patienceFor(outcome: string): { quietMs: number; patienceMs?: number } {
  if (outcome === 'drop') return { quietMs: SILENCE_MS, patienceMs: SILENCE_MS };
  return { quietMs: outcome.endsWith('closed') ? SILENCE_MS : 1_000 };
}

/** Of a path, a stack, an upgrade, a cookie or a permission no answer says anything. */
const NEVER = /\/dist\/|node_modules|\n\s+at |HTTP\/1\.1 101|set-cookie|access-control-/i;

/** As in the corpus: the statuses, and what became of the connection. */
function outcomeOf({ statuses, closedBy }: RawAnswer): string {
  if (statuses.length === 0) return closedBy === 'server' ? 'drop' : 'silence';
  return `${statuses.join(' ')} ${closedBy === 'server' ? 'closed' : 'open'}`;
}

describe.each(ENGINES)('raw requests to the built daemon on %s', (engine) => {
  let attacked: Attacked;
  beforeEach(async () => {
    attacked = await startAttacked(engine);
  });

  it('R15, R16, R22: each gets exactly what the engine was measured to do, and nothing behind it runs', async () => {
    const { home, place, send, expectAlive } = attacked;
    const token = await mintFor(home, home.dir);
    const expected = rows.map(({ name, raw, expect: outcome }) => ({
      name,
      bytes: place(raw).replaceAll(/\bTOKEN\b/g, token),
      outcome: typeof outcome === 'string' ? outcome : outcome[engine],
    }));
    const silent = expected.filter(({ outcome }) => outcome === 'silence');
    const closing = silent.map(({ bytes }) => send(bytes, { patienceMs: SILENCE_MS }));
    const seen = await Promise.all(
      expected.map(async ({ name, bytes, outcome }) => {
        const answer = await send(bytes, patienceFor(outcome));
        expect(answer.text, name).not.toMatch(NEVER);
        // Behind a request of unclear length stands one that would say who we are.
        if (!outcome.includes('200')) expect(answer.text, name).not.toContain('instanceId');
        return { name, outcome: outcomeOf(answer) };
      }),
    );
    expect(seen).toEqual(expected.map(({ name, outcome }) => ({ name, outcome })));
    // Without an answer, but not for ever either.
    expect((await Promise.all(closing)).map(outcomeOf)).toEqual(silent.map(() => 'drop'));
    expect(await askControl(home, 'status', {})).toMatchObject({ sessions: 0, pendingConsents: 0 });
    await expectAlive();
  });

  it('R22: a 405 names the methods that there are, and a HEAD answer has a length and no body', async () => {
    const { home, place, send } = attacked;
    const { headers } = await ask(home, { path: '/mcp', method: 'PUT' });
    expect(headers.allow).toBe('POST, GET, DELETE, HEAD');
    const { text, statuses } = await send(place('HEAD /health HTTP/1.1\r\nHost: HOST\r\n\r\n'), {
      answers: 1,
    });
    expect(statuses).toEqual([200]);
    expect(text).toMatch(/^content-length: [1-9]\d+\r$/im);
    expect(text).toMatch(/\r\n\r\n$/);
  });

  it('R20: no text of a client breaks a header line of an answer', async () => {
    const { home, place, send, expectAlive } = attacked;
    const evil = encodeURIComponent('x\r\nSet-Cookie: evil=1\r\n\r\n\0\u001b\u0085\ud7ff');
    const registered = await ask(home, {
      path: '/oauth/register',
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        client_name: decodeURIComponent(evil),
        redirect_uris: ['http://127.0.0.1:9/callback'],
      }),
    });
    expect(registered.status).toBe(201);
    const { client_id: id } = JSON.parse(registered.text);
    const client = `client_id=${id}&redirect_uri=${encodeURIComponent('http://127.0.0.1:9/callback')}`;
    const targets: [string, number][] = [
      [`/oauth/authorize?${client}&response_type=token&state=${evil}`, 303],
      [`/oauth/authorize?${client}&response_type=code&state=${evil}&scope=${evil}`, 303],
      [`/oauth/authorize?client_id=${evil}`, 400],
      [`/mcp/messages?sessionId=${evil}`, 405],
      [`/mcp?x=${evil}`, 401],
      [`/${evil}`, 404],
    ];
    for (const [target, status] of targets) {
      const bytes = place(`GET ${target} HTTP/1.1\r\nHost: HOST\r\n\r\n`);
      const { text, statuses } = await send(bytes, { answers: 1 });
      const [head = ''] = text.split('\r\n\r\n');
      expect(statuses, target).toEqual([status]);
      expect(head, target).not.toMatch(/^set-cookie/im);
      expect(head, target).toMatch(/^(?:[\t\x20-\x7e]*\r\n)*[\t\x20-\x7e]*$/);
    }
    await expectAlive();
  });
});
