import { describe, expect, it } from 'vitest';
import {
  codeForm,
  type Login,
  login,
  newVerifier,
  obtainCode,
  openPage,
  postForm,
  refresh,
  register,
} from '../oauth/flow.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { createHome } from '../support/home.ts';
import { ENGINES, type EngineName } from '../support/listen.ts';
import { expectFixedPage } from './fixed-page.ts';
import { outcomeOf } from './rows.ts';
import { startTarget, type Target } from './target.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const verifier = newVerifier();
const invalidGrant = { status: 400, error: 'invalid_grant' };

/** A target, and what lets time pass in it, by seconds. */
async function startAgeing(engine: EngineName): Promise<{ target: Target; pass(seconds: number): void }> {
  const clock = createFakeClock(createHome().dir);
  const target = await startTarget(engine, clock.env);
  let passed = 0;
  return {
    target,
    pass(seconds) {
      passed += seconds;
      clock.jump(`+${passed}`);
    },
  };
}

/** The next tokens; undefined if the token before was refused as one of an ended grant. */
async function rotate(target: Target, { clientId }: Login, token: string) {
  const answer = await refresh(target, clientId, token);
  if (answer.status === 200) return JSON.parse(answer.text);
  expect(outcomeOf(answer)).toEqual(invalidGrant);
  return undefined;
}

describe.each(ENGINES)('time passes, on %s', (engine) => {
  it('R34: a code lives 60 s', async () => {
    const { target, pass } = await startAgeing(engine);
    const clientId = await register(target);
    const [soon, late] = [
      await obtainCode(target, clientId, verifier),
      await obtainCode(target, clientId, verifier),
    ];
    const redeem = (code: string) => postForm(target, '/oauth/token', codeForm(clientId, code, verifier));
    pass(45);
    expect((await redeem(soon)).status).toBe(200);
    pass(15);
    expect(outcomeOf(await redeem(late))).toEqual(invalidGrant);
    expect(await target.grants(clientId)).toBe(1);
  });

  it('R26, R27: a request waits 10 min for the yes, and as long for the page to come for it', async () => {
    const { target, pass } = await startAgeing(engine);
    const clientId = await register(target);
    const [soon, late] = [
      await openPage(target, clientId, verifier),
      await openPage(target, clientId, verifier),
    ];
    pass(9 * MINUTE);
    expect(await target.resolve(soon.matchCode, true)).toBe(true);
    pass(MINUTE);
    expect(await target.resolve(late.matchCode, true)).toBe(false);
    expect((await target.control('pending', {})).pending).toEqual([]);
    for (const { target: path } of [soon, late]) {
      expectFixedPage(
        await target.request({ path }),
        'This request is no longer open: it was answered, withdrawn or took too long',
      );
    }
  });

  it('R36: a refresh token that was used is good for 10 s more, and after that ends the family', async () => {
    const { target, pass } = await startAgeing(engine);
    const session = await login(target);
    const first = await rotate(target, session, session.tokens.refresh_token);
    pass(5);
    const again = await rotate(target, session, session.tokens.refresh_token);
    expect(again?.refresh_token).toBe(first?.refresh_token);
    pass(6);
    expect(await rotate(target, session, session.tokens.refresh_token)).toBeUndefined();
    expect(await rotate(target, session, first?.refresh_token)).toBeUndefined();
    for (const { access_token } of [session.tokens, first, again]) {
      expect(await target.useToken(access_token)).toBe(401);
    }
  });

  it('R37, R40: an access token lives an hour; to revoke it then is 200, and a refresh goes on', async () => {
    const { target, pass } = await startAgeing(engine);
    const session = await login(target);
    const { access_token: token, refresh_token } = session.tokens;
    expect(await target.useToken(token)).toBe(200);
    pass(HOUR);
    expect(await target.useToken(token)).toBe(401);
    const revoked = await postForm(target, '/oauth/revoke', { client_id: session.clientId, token });
    expect(outcomeOf(revoked)).toEqual({ status: 200 });
    const next = await rotate(target, session, refresh_token);
    expect(await target.useToken(next?.access_token)).toBe(200);
  });

  it('R31, R36: a client that nobody approved goes after 24 h, a refresh token nobody used after 14 d', async () => {
    const { target, pass } = await startAgeing(engine);
    const [session, busy] = [await login(target), await login(target)];
    await register(target);
    pass(25 * HOUR);
    await target.restart();
    const { clients } = await target.control('clients', {});
    expect(clients.map(({ clientId }) => clientId).sort()).toEqual([session.clientId, busy.clientId].sort());
    const next = await rotate(target, busy, busy.tokens.refresh_token);
    pass(13 * DAY);
    expect(await rotate(target, session, session.tokens.refresh_token)).toBeUndefined();
    expect(await rotate(target, busy, next?.refresh_token)).toBeDefined();
  });
});
