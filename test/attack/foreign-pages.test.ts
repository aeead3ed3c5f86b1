import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import redirectUris from '../corpus/redirect-uris.json' with { type: 'json' };
import {
  answerOf,
  authorizeQuery,
  getAuthorize,
  newVerifier,
  openPage,
  postForm,
  register,
} from '../oauth/flow.ts';
import { ENGINES } from '../support/listen.ts';
import { expectFixedPage } from './fixed-page.ts';
import { useTarget } from './target.ts';

const verifier = newVerifier();
const GONE = 'This request is no longer open: it was answered, withdrawn or took too long';
const FRAMED = 'This page cannot be part of another one';
const FOREIGN = 'Another page sent this form';

describe.each(ENGINES)('pages around the consent, on %s', (engine) => {
  const target = useTarget(engine);
  const open = async () => openPage(target(), await register(target()), verifier);

  it.each(['iframe', 'frame', 'image', 'script', 'style', 'empty', 'object', 'embed', 'worker', 'x'])(
    'R27: as %s no page is opened, none goes on and none is withdrawn: 403',
    async (destination) => {
      const headers = { 'sec-fetch-dest': destination };
      const page = await open();
      const before = (await target().control('pending', {})).pending.length;
      const path = `/oauth/authorize?${authorizeQuery(await register(target()), verifier)}`;
      expectFixedPage(await target().request({ path, headers }), FRAMED, 403);
      expectFixedPage(await target().request({ path: page.target, headers }), FRAMED, 403);
      const { transaction } = page;
      expectFixedPage(await postForm(target(), '/oauth/consent', { transaction }, headers), FRAMED, 403);
      expect((await target().control('pending', {})).pending).toHaveLength(before);
    },
  );

  it('R27: another page withdraws nothing, our own does so once', async () => {
    const { transaction, matchCode } = await open();
    const { issuer } = target();
    const send = (headers: Record<string, string>) =>
      postForm(target(), '/oauth/consent', { transaction }, headers);
    for (const origin of [
      'https://evil.com',
      'null',
      'https://localhost:1',
      issuer.replace('https', 'http'),
    ]) {
      const answer = await send({ origin });
      expect([origin, answer.status, answer.text]).toEqual([origin, 403, '{"error":"forbidden"}']);
    }
    const other = issuer.replace('127.0.0.1', 'localhost');
    expectFixedPage(await send({ origin: other }), FOREIGN, 403);
    for (const site of ['cross-site', 'same-site', 'none', 'x']) {
      expectFixedPage(await send({ 'sec-fetch-site': site }), FOREIGN, 403);
      expectFixedPage(await send({ 'sec-fetch-site': site, origin: issuer }), FOREIGN, 403);
    }
    const own = { origin: issuer, 'sec-fetch-site': 'same-origin', 'sec-fetch-dest': 'document' };
    expect(answerOf(await send(own)).get('error')).toBe('access_denied');
    expect(await target().resolve(matchCode, true)).toBe(false);
    expectFixedPage(await send(own), GONE);
  });

  it('R23: every page has the headers, a style that its hash allows, no script, no cookie, no foreign URL', async () => {
    const clientId = await register(target());
    const waiting = await getAuthorize(target(), authorizeQuery(clientId, verifier));
    const refused = await getAuthorize(target(), '');
    const foreign = await target().request({
      path: '/oauth/authorize',
      headers: { 'sec-fetch-dest': 'iframe' },
    });
    for (const { headers, text } of [waiting, refused, foreign]) {
      const style = /<style>(.*)<\/style>/s.exec(text)?.[1] ?? '';
      const hash = createHash('sha256').update(style).digest('base64');
      const formOrigin = text === waiting.text ? ' http://127.0.0.1:33418' : '';
      expect(headers).toMatchObject({
        'content-security-policy': `default-src 'none'; style-src 'sha256-${hash}'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'${formOrigin}`,
        'cache-control': 'no-store',
        'x-frame-options': 'DENY',
        'x-content-type-options': 'nosniff',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
      });
      expect(text).not.toMatch(/<script|<img|<link|<iframe|\son\w+=|\bsrc=|\bhref="(?!\/oauth\/)/i);
    }
    for (const { headers } of [refused, foreign]) expect(headers['referrer-policy']).toBe('no-referrer');
    // Its form would be sent with `Origin: null` otherwise; other origins still learn nothing.
    expect(waiting.headers['referrer-policy']).toBe('same-origin');
  });

  it('R23: what a redirect URI adds to the policy is its origin and nothing else', async () => {
    for (const uri of redirectUris.allowed) {
      const clientId = await register(target(), { redirect_uris: [uri] });
      const query = authorizeQuery(clientId, verifier, { redirect_uri: uri });
      const { headers } = await getAuthorize(target(), query);
      const [, sources] = /; form-action (.*)$/.exec(String(headers['content-security-policy'])) ?? [];
      // CSP has no word for an IPv6 address.
      expect(sources).toBe(`'self' ${new URL(uri).origin.replace('[::1]', '*')}`);
    }
  });
});
