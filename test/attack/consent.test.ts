import { describe, expect, it } from 'vitest';
import {
  answerOf,
  authorizeQuery,
  codeForm,
  getAuthorize,
  json,
  newVerifier,
  openPage,
  postForm,
  readPage,
  register,
} from '../oauth/flow.ts';
import { ENGINES } from '../support/listen.ts';
import { runProgram } from '../support/program.ts';
import { expectFixedPage } from './fixed-page.ts';
import { useTarget } from './target.ts';

const verifier = newVerifier();
const GONE = 'This request is no longer open: it was answered, withdrawn or took too long';

describe.each(ENGINES)('consent, on %s', (engine) => {
  const target = useTarget(engine);
  const open = async (clientName = 'a client') =>
    openPage(target(), await register(target(), { client_name: clientName }), verifier);
  const waiting = async () => (await target().control('pending', {})).pending.map(({ code }) => code);
  const visit = (path: string) => target().request({ path });

  it('R26: the page shows who asks for what, where the answer goes, and the command with the code', async () => {
    const clientId = await register(target(), { client_name: 'Editor <b>7</b>' });
    const { text } = await getAuthorize(target(), authorizeQuery(clientId, verifier));
    const { matchCode } = readPage(text);
    expect(matchCode).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/);
    expect(text).toContain(`<code>claude-secure approve ${matchCode}</code>`);
    const words = text.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');
    for (const shown of [
      'Editor &lt;b&gt;7&lt;/b&gt;',
      'unverified client: the name is its own word',
      'call the MCP tools that run on this computer under your account',
      `${target().issuer}/mcp`,
      '127.0.0.1:33418',
      'loopback: any local program may receive this',
    ]) {
      expect(words).toContain(shown);
    }
    const { pending } = await target().control('pending', {});
    expect(pending).toEqual([
      {
        code: matchCode,
        clientName: 'Editor <b>7</b>',
        clientId,
        redirectUri: 'http://127.0.0.1:33418/callback',
        scopes: ['mcp'],
        resource: `${target().issuer}/mcp`,
        expiresAt: expect.stringMatching(/^\d{4}-.*Z$/),
      },
    ]);
  });

  it('R26: the terminal shows client, scope, redirect and code, and the answer there is the answer', async () => {
    for (const [input, status, name] of [
      ['y\n', 0, 'code'],
      ['n\n', 1, 'error'],
      ['', 1, 'error'],
    ] as const) {
      const { matchCode, target: path } = await open('Editor');
      const { stdout, ...outcome } = await runProgram(target().home, ['approve', matchCode], { input });
      expect([input, outcome.status]).toEqual([input, status]);
      for (const shown of [
        'Editor',
        'unverified',
        `${target().issuer}/mcp`,
        '127.0.0.1:33418',
        matchCode,
        'Give it access?',
      ]) {
        expect(stdout).toContain(shown);
      }
      expect(answerOf(await visit(path)).has(name)).toBe(true);
    }
  });

  it('R29, R39: the no of the owner reaches the client as access_denied, with state and iss', async () => {
    const page = await open();
    expect(await target().resolve(page.matchCode, false)).toBe(true);
    expect(Object.fromEntries(answerOf(await visit(page.target)))).toEqual({
      error: 'access_denied',
      error_description: 'the owner said no',
      state: 'st-4711',
      iss: target().issuer,
    });
  });

  it('R26: the terminal takes the code as a person may type it', async () => {
    let page = await open();
    while (!/[01]/.test(page.matchCode)) page = await open();
    const typed = page.matchCode.toLowerCase().replaceAll('0', 'o').replaceAll('1', 'l').replace('-', '');
    const { status } = await runProgram(target().home, ['approve', typed], { input: 'y\n' });
    expect(status).toBe(0);
    expect(answerOf(await visit(page.target)).has('code')).toBe(true);
  });

  it('R26: the code is read in any case, with O for 0, I or L for 1; a wrong or used one approves nothing', async () => {
    const { matchCode } = await open();
    const spoken = matchCode.toLowerCase().replaceAll('0', 'o').replaceAll('1', 'l').replace('-', ' ');
    for (const wrong of ['0000-0000', '', ' ', matchCode.slice(0, -1), `${matchCode}0`]) {
      expect(await target().resolve(wrong, true)).toBe(false);
    }
    expect(await target().resolve(spoken, true)).toBe(true);
    expect(await target().resolve(matchCode, true)).toBe(false);
    expect(await target().resolve(matchCode, false)).toBe(false);
  });

  it('R26, R27: approving one request never approves another, and a known client is asked again', async () => {
    const clientId = await register(target());
    const first = await openPage(target(), clientId, verifier);
    const second = await openPage(target(), clientId, verifier);
    await target().resolve(first.matchCode, true);
    expect(await waiting()).toContain(second.matchCode);
    const code = answerOf(await visit(first.target)).get('code') ?? '';
    const tokens = await postForm(target(), '/oauth/token', codeForm(clientId, code, verifier));
    expect(tokens.status).toBe(200);
    expect(await waiting()).toContain(second.matchCode);
    const third = await getAuthorize(target(), authorizeQuery(clientId, verifier));
    expect([third.status, readPage(third.text).matchCode === second.matchCode]).toEqual([200, false]);
  });

  it('R26: nothing that a request carries is a yes', async () => {
    const clientId = await register(target());
    const page = await openPage(target(), clientId, verifier);
    const yes = `approve=true&approved=1&decision=approved&action=approve&consent=yes&code=${page.matchCode}`;
    const visited = visit(`${page.target}&${yes}`);
    const asked = await getAuthorize(target(), `${authorizeQuery(clientId, verifier)}&${yes}`);
    expect([asked.status, asked.headers.location]).toEqual([200, undefined]);
    expect(await waiting()).toContain(page.matchCode);
    for (const [path, method, status] of [
      [`/oauth/approve?${yes}`, 'GET', 404],
      [`/oauth/approve?${yes}`, 'POST', 404],
      [`/control/approve?${yes}`, 'GET', 405],
      [`/control/approve?${yes}`, 'POST', 401],
      [page.target, 'PUT', 405],
      [page.target, 'DELETE', 405],
    ] as const) {
      expect([path, (await target().request({ path, method })).status]).toEqual([path, status]);
    }
    const posted = await postForm(target(), '/oauth/consent', [
      ['transaction', page.transaction],
      ['decision', 'approved'],
      ['approve', page.matchCode],
    ]);
    expect(answerOf(posted).get('error')).toBe('access_denied');
    expect((await visited).headers.location ?? '').not.toContain('code=');
    expect(await target().grants(clientId)).toBe(0);
  });

  it('R27: of 20 visits at once one gets the code, the others the page; no transaction is good twice', async () => {
    const page = await open();
    await target().resolve(page.matchCode, true);
    const visits = await Promise.all(Array.from({ length: 20 }, () => visit(page.target)));
    const given = visits.filter(({ status }) => status === 303);
    expect(given.map((answer) => answerOf(answer).has('code'))).toEqual([true]);
    for (const answer of visits.filter(({ status }) => status !== 303)) expectFixedPage(answer, GONE);
  });

  it('R27: an unknown transaction, none, two, or a match code in its place gets the page without Location', async () => {
    const { matchCode, transaction } = await open();
    for (const query of [
      'transaction=x',
      'transaction=',
      '',
      `transaction=${matchCode}`,
      `transaction=x&transaction=${transaction}`,
      `transaction=${transaction}x`,
      `transaction=${transaction.toLowerCase()}`,
    ]) {
      expectFixedPage(await visit(`/oauth/consent?${query}`), GONE);
    }
    for (const form of [{ transaction: 'x' }, { transaction: '' }, {}] as Record<string, string>[]) {
      expectFixedPage(await postForm(target(), '/oauth/consent', form), GONE);
    }
  });

  it('R27: at most 100 requests are open, the oldest goes', async () => {
    const clientId = await register(target());
    const first = await openPage(target(), clientId, verifier);
    for (let count = 0; count < 100; count++) await openPage(target(), clientId, verifier);
    expect((await target().control('pending', {})).pending).toHaveLength(100);
    expect(await target().resolve(first.matchCode, true)).toBe(false);
    expectFixedPage(await visit(first.target), GONE);
  });

  it('R34: a request and a code of before a restart are gone', async () => {
    const clientId = await register(target());
    const page = await openPage(target(), clientId, verifier);
    const other = await openPage(target(), clientId, verifier);
    await target().resolve(page.matchCode, true);
    const code = answerOf(await visit(page.target)).get('code') ?? '';
    await target().restart();
    expect(await target().resolve(other.matchCode, true)).toBe(false);
    expectFixedPage(await visit(other.target), GONE);
    const answer = await postForm(target(), '/oauth/token', codeForm(clientId, code, verifier));
    expect([answer.status, json(answer).error]).toEqual([400, 'invalid_grant']);
  });
});
