import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { describe, expect, it, onTestFinished } from 'vitest';
import { type App, startApp } from '../support/oauth-app.ts';
import {
  answerOf,
  authorizeQuery,
  codeForm,
  getAuthorize,
  newVerifier,
  openPage,
  postForm,
  readPage,
  register,
} from './flow.ts';

const verifier = newVerifier();
const run = promisify(execFile);

/** curl as the account `nobody`: another person on this machine. */
async function curlAsNobody(app: App, args: readonly string[]): Promise<string> {
  const directory = mkdtempSync('/tmp/claude-secure-nobody-');
  onTestFinished(() => rmSync(directory, { recursive: true }));
  chmodSync(directory, 0o755);
  const ca = join(directory, 'ca.pem');
  copyFileSync(app.paths.caBundle, ca);
  chmodSync(ca, 0o644);
  const setpriv = ['--reuid=65534', '--regid=65534', '--clear-groups', 'curl'];
  const curl = ['--silent', '--show-error', '--include', '--cacert', ca, ...args];
  return (await run('setpriv', [...setpriv, ...curl])).stdout;
}

describe.each(['uws', 'https'] as const)('consent on %s', (engine) => {
  it('R26: the page shows who asks for what, where the answer goes, and the command with the code', async () => {
    const app = await startApp({ engine });
    const clientId = await register(app, { client_name: 'Editor <b>7</b>' });
    const { text } = await getAuthorize(app, authorizeQuery(clientId, verifier));
    const { matchCode } = readPage(text);
    expect(matchCode).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/);
    expect(text).toContain(`<code>claude-secure approve ${matchCode}</code>`);
    expect(text).toContain('Editor &lt;b&gt;7&lt;/b&gt;');
    expect(text).toContain('unverified client');
    expect(text).toContain('call the MCP tools');
    expect(text).toContain('<strong>127.0.0.1:33418</strong> (loopback: any local program may receive this)');
    expect(app.oauth().pending()).toEqual([
      {
        code: matchCode,
        clientName: 'Editor <b>7</b>',
        clientId,
        redirectUri: 'http://127.0.0.1:33418/callback',
        scopes: ['mcp'],
        resource: `${app.issuer}/mcp`,
        expiresAt: expect.stringMatching(/^\d{4}-.*Z$/),
      },
    ]);
  });

  it('R23: the headers of every page, a style that its hash allows, no script, no cookie, no foreign URL', async () => {
    const app = await startApp({ engine });
    const clientId = await register(app);
    const waiting = await getAuthorize(app, authorizeQuery(clientId, verifier));
    const refused = await getAuthorize(app, '');
    for (const { headers, text } of [waiting, refused]) {
      const style = /<style>(.*)<\/style>/s.exec(text)?.[1] ?? '';
      const hash = createHash('sha256').update(style).digest('base64');
      expect(headers['content-security-policy']).toContain(
        `default-src 'none'; style-src 'sha256-${hash}'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'`,
      );
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        'x-frame-options': 'DENY',
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
      });
      expect(headers['set-cookie']).toBeUndefined();
      expect(text).not.toMatch(/<script|<img|<link|<iframe|\son\w+=|\b(?:src|href)=/i);
    }
    expect(waiting.headers['content-security-policy']).toMatch(
      /form-action 'self' http:\/\/127\.0\.0\.1:33418$/,
    );
    expect(refused.headers['content-security-policy']).toMatch(/form-action 'self'$/);
  });

  it('R28: hostile names and parameters are inert on the page', async () => {
    const app = await startApp({ engine });
    const corpus = [
      '<script>alert(1)</script>',
      '"onload="x',
      '</title><svg>',
      "'><img src=x>",
      '{{7*7}}',
      '\u202Eevil',
    ];
    for (const hostile of corpus) {
      const clientId = await register(app, { client_name: hostile });
      const { text } = await getAuthorize(app, authorizeQuery(clientId, verifier, { state: hostile }));
      expect(text).not.toMatch(/<script|<svg|<img|\u202E|"onload=/);
      expect(text.match(/<\/title>/g)).toHaveLength(1);
      const page = await getAuthorize(app, `client_id=${encodeURIComponent(hostile)}`);
      expect(page.text).not.toContain(hostile);
    }
  });

  it('R26: nobody with curl only gets from register to any form of POST, and never to a code', async () => {
    const app = await startApp({ engine });
    const url = app.issuer;
    const registration = await curlAsNobody(app, [
      '--json',
      '{"redirect_uris":["http://127.0.0.1:1/cb"],"client_name":"mine"}',
      `${url}/oauth/register`,
    ]);
    const clientId = /"client_id":"([0-9a-f]+)"/.exec(registration)?.[1] ?? '';
    const query = authorizeQuery(clientId, verifier, { redirect_uri: 'http://127.0.0.1:1/cb' });
    const { transaction, matchCode } = readPage(await curlAsNobody(app, [`${url}/oauth/authorize?${query}`]));
    const page = `transaction=${transaction}`;
    const attempts: string[][] = [
      [`${url}/oauth/consent?${page}`],
      [`${url}/oauth/consent?${page}&approve=true&decision=approved&code=${matchCode}`],
      ['--data', `${query}&approve=yes`, `${url}/oauth/authorize`],
      ['--data', `code=${matchCode}&approve=true`, `${url}/control/approve`],
      [
        '--data',
        `grant_type=authorization_code&client_id=${clientId}&code=${matchCode}&code_verifier=${verifier}`,
        `${url}/oauth/token`,
      ],
      [
        '--data',
        `grant_type=authorization_code&client_id=${clientId}&code=${transaction}&code_verifier=${verifier}`,
        `${url}/oauth/token`,
      ],
      ['--data', `${page}&approve=yes&decision=approved&action=approve`, `${url}/oauth/consent`],
    ];
    for (const attempt of attempts) {
      const answer = await curlAsNobody(app, attempt);
      expect(answer).not.toMatch(/[?&]code=|access_token/);
    }
    expect(
      app
        .oauth()
        .clients()
        .every((client) => client.grants === 0),
    ).toBe(true);
  });

  it('R26, R27: approving one request never approves another, and a remembered client is asked again', async () => {
    const app = await startApp({ engine });
    const clientId = await register(app);
    const [first, second] = [
      await openPage(app, clientId, verifier),
      await openPage(app, clientId, verifier),
    ];
    expect(await app.oauth().resolve(first.matchCode, true)).toBe(true);
    expect((await app.request({ path: second.target })).status).toBe(200);
    expect(answerOf(await app.request({ path: first.target })).has('code')).toBe(true);
    expect((await app.request({ path: second.target })).status).toBe(200);
    const third = await getAuthorize(app, authorizeQuery(clientId, verifier));
    expect(third.status).toBe(200);
  });

  it('R27: an answer is given once; unknown, used and expired transactions get a page without Location', async () => {
    const app = await startApp({ engine });
    const clientId = await register(app);
    const page = await openPage(app, clientId, verifier);
    const late = await openPage(app, clientId, verifier);
    await app.oauth().resolve(page.matchCode, true);
    const both = await Promise.all([app.request({ path: page.target }), app.request({ path: page.target })]);
    expect(both.map(({ status }) => status).sort()).toEqual([303, 400]);
    app.shiftClock(10 * 60_000);
    for (const path of [page.target, late.target, '/oauth/consent?transaction=x', '/oauth/consent']) {
      const answer = await app.request({ path });
      expect([answer.status, answer.headers.location]).toEqual([400, undefined]);
    }
    expect(await app.oauth().resolve(late.matchCode, true)).toBe(false);
    expect(app.oauth().pending()).toEqual([]);
  });

  it('R26: the code is read in any case, with O for 0 and I or L for 1; a wrong one approves nothing', async () => {
    const app = await startApp({ engine });
    const clientId = await register(app);
    const { matchCode } = await openPage(app, clientId, verifier);
    const spoken = matchCode.toLowerCase().replaceAll('0', 'o').replaceAll('1', 'l').replace('-', ' ');
    expect(await app.oauth().resolve('0000-0000', true)).toBe(false);
    expect(await app.oauth().resolve('', true)).toBe(false);
    expect(await app.oauth().resolve(spoken, true)).toBe(true);
    expect(await app.oauth().resolve(matchCode, true)).toBe(false);
  });

  it("R29: the owner's no reaches the client as access_denied", async () => {
    const app = await startApp({ engine });
    const page = await openPage(app, await register(app), verifier);
    await app.oauth().resolve(page.matchCode, false);
    const parameters = answerOf(await app.request({ path: page.target }));
    expect([parameters.get('error'), parameters.get('iss')]).toEqual(['access_denied', app.issuer]);
  });

  it('R27: the page can withdraw, once and from itself only', async () => {
    const app = await startApp({ engine });
    const { transaction, matchCode } = await openPage(app, await register(app), verifier);
    const own = { origin: app.issuer, 'sec-fetch-site': 'same-origin', 'sec-fetch-dest': 'document' };
    for (const headers of [
      { origin: 'https://evil.com' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'none' },
      { 'sec-fetch-dest': 'iframe' },
    ] as Record<string, string>[]) {
      expect((await postForm(app, '/oauth/consent', { transaction }, headers)).status).toBe(403);
    }
    expect((await postForm(app, '/oauth/consent', { transaction: 'x' }, own)).status).toBe(400);
    const answer = await postForm(app, '/oauth/consent', { transaction }, own);
    expect(answerOf(answer).get('error')).toBe('access_denied');
    expect(await app.oauth().resolve(matchCode, true)).toBe(false);
    expect((await postForm(app, '/oauth/consent', { transaction }, own)).status).toBe(400);
  });

  it('R27: at most 100 requests are open, the oldest goes', async () => {
    const app = await startApp({ engine });
    const clientId = await register(app);
    const first = await openPage(app, clientId, verifier);
    for (let count = 0; count < 100; count++) {
      app.pretendPeer(`127.0.0.${1 + (count >> 5)}`);
      await openPage(app, clientId, verifier);
    }
    expect(app.oauth().pending()).toHaveLength(100);
    expect(await app.oauth().resolve(first.matchCode, true)).toBe(false);
  });

  it('R34: a consent and a code of before a restart are gone', async () => {
    const app = await startApp({ engine });
    const clientId = await register(app);
    const [page, other] = [await openPage(app, clientId, verifier), await openPage(app, clientId, verifier)];
    await app.oauth().resolve(page.matchCode, true);
    const code = answerOf(await app.request({ path: page.target })).get('code') ?? '';
    await app.restart();
    expect(await app.oauth().resolve(other.matchCode, true)).toBe(false);
    const answer = await postForm(app, '/oauth/token', codeForm(clientId, code, verifier));
    expect([answer.status, JSON.parse(answer.text).error]).toEqual([400, 'invalid_grant']);
  });
});
