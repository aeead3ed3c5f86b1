import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { OWNER_HEADER } from '../../src/control.ts';
import { limits } from '../../src/limits.ts';
import type { Home } from '../support/home.ts';
import { ENGINES } from '../support/listen.ts';
import { ask, mintToken, refresh, register, signIn, useToken } from '../support/oauth-client.ts';
import { createProgramHome, runProgram, startDaemon } from '../support/program.ts';

const linesOf = ({ paths }: Home): Record<string, unknown>[] =>
  readFileSync(paths.daemonLog, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

/** Each event once, with the status of those that were refused. */
const eventsOf = (home: Home): Set<string> =>
  new Set(
    linesOf(home).map(({ event, status }) => (status === undefined ? `${event}` : `${event} ${status}`)),
  );

describe.each(ENGINES)('the log of the daemon on %s', (engine) => {
  it('R56: tells of every registration, consent, token, revocation and refusal, with the peer or the client', async () => {
    const home = await createProgramHome({ CLAUDE_SECURE_ENGINE: engine });
    await startDaemon(home);
    const client = await signIn(home);
    await refresh(home, client);
    await mintToken(home);
    const revoked = new URLSearchParams({ token: client.accessToken, client_id: client.clientId });
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    await ask(home, { path: '/oauth/revoke', method: 'POST', headers: form, body: revoked.toString() });
    await useToken(home, 'x');
    await ask(home, { path: '/oauth/authorize?client_id=nobody' });
    await ask(home, { path: '/mcp', headers: { host: '127.0.0.1:1' } });
    await ask(home, { path: '/oauth/authorize', headers: { 'sec-fetch-dest': 'iframe' } });
    for (let count = 0; count <= limits.registrationsPerMinute; count++) await register(home);
    const guess = { 'content-type': 'application/json', [OWNER_HEADER]: 'guess' };
    for (let count = 0; count <= limits.controlFailuresPerMinute; count++)
      await ask(home, { path: '/control/mint', method: 'POST', headers: guess, body: '{}' });
    const page = { ...guess, origin: `https://127.0.0.1:${home.env.CLAUDE_SECURE_PORT}` };
    await ask(home, { path: '/control/mint', method: 'POST', headers: page, body: '{}' });
    expect((await runProgram(home, ['clients', 'revoke', client.clientId])).status).toBe(0);

    expect(eventsOf(home)).toEqual(
      new Set([
        'daemon.started',
        'upstreams.read',
        'client.registered',
        'consent.opened',
        'consent.approved',
        'code.issued',
        'token.issued',
        'token.minted',
        'token.revoked',
        'bearer.refused 401',
        'oauth.refused 400',
        'oauth.refused 403',
        'oauth.refused 429',
        'gate.refused',
        'control.refused 401',
        'control.refused 429',
        'grant.ended',
        'client.revoked',
      ]),
    );
    for (const line of linesOf(home)) {
      if (/refused|registered|opened/.test(String(line.event)))
        expect(line).toMatchObject({ peer: '127.0.0.1' });
      if (/^(?:token|consent|code)\./.test(String(line.event)))
        expect(line).toMatchObject({ client: expect.any(String) });
    }
  });
});
