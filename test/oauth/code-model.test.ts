import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type App, startApp } from '../support/oauth-app.ts';
import {
  callMcp,
  codeForm,
  json,
  newVerifier,
  obtainCode,
  postForm,
  register,
  type TokenAnswer,
} from './flow.ts';

const SECOND_MS = 1_000;
/** What a good redemption may have wrong, and what it is told then. */
const WRONG = {
  verifier: 'invalid_grant',
  client: 'invalid_grant',
  redirect: 'invalid_grant',
  resource: 'invalid_target',
} as const;

type Step =
  | { readonly do: 'issue' }
  | { readonly do: 'redeem'; readonly which: number; readonly wrong?: keyof typeof WRONG }
  | { readonly do: 'pass'; readonly seconds: number }
  | { readonly do: 'restart' };

const which = fc.nat(3);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ do: 'issue' as const }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('redeem' as const), which }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('redeem' as const),
      which,
      wrong: fc.constantFrom(...(Object.keys(WRONG) as (keyof typeof WRONG)[])),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('pass' as const), seconds: fc.constantFrom(25, 65) }) },
  { weight: 1, arbitrary: fc.constant({ do: 'restart' as const }) },
);

/** What must be true of a code. */
interface Code {
  readonly text: string;
  readonly verifier: string;
  readonly issuedAt: number;
  /** `forgotten` by a restart. */
  state: 'fresh' | 'burned' | 'redeemed' | 'forgotten';
  token?: string;
  hasGrant: boolean;
}

/** The answer that is due, and what becomes of the code. */
function expectation(code: Code, now: number, wrong: keyof typeof WRONG | undefined): number | string {
  if (code.state === 'redeemed') code.hasGrant = false;
  if (code.state !== 'fresh') return 'invalid_grant';
  code.state = 'burned';
  if (now - code.issuedAt >= 60) return 'invalid_grant';
  if (wrong) return WRONG[wrong];
  code.state = 'redeemed';
  code.hasGrant = true;
  return 200;
}

let time = 0;
let peers = 0;

async function play(app: App, steps: readonly Step[]): Promise<void> {
  // Rate limits go by the peer.
  app.pretendPeer(`127.2.${peers >> 8}.${peers++ & 255}`);
  const [owner, thief] = [await register(app), await register(app)];
  const codes: Code[] = [];

  async function redeem(code: Code, wrong: keyof typeof WRONG | undefined): Promise<void> {
    const changes = {
      verifier: { code_verifier: newVerifier() },
      client: { client_id: thief },
      redirect: { redirect_uri: 'http://127.0.0.1:1/callback' },
      resource: { resource: 'https://evil.com/mcp' },
    };
    const form = codeForm(
      owner,
      code.text,
      code.verifier,
      wrong && (changes[wrong] as Record<string, string>),
    );
    const due = expectation(code, time, wrong);
    const answer = await postForm(app, '/oauth/token', form);
    expect(answer.status === 200 ? 200 : json(answer).error).toBe(due);
    if (due === 200) code.token = (JSON.parse(answer.text) as TokenAnswer).access_token;
  }

  for (const each of steps) {
    if (each.do === 'issue') {
      const verifier = newVerifier();
      const text = await obtainCode(app, owner, verifier);
      codes.push({ text, verifier, issuedAt: time, state: 'fresh', hasGrant: false });
    } else if (each.do === 'pass') {
      time += each.seconds;
      app.shiftClock(time * SECOND_MS);
    } else if (each.do === 'restart') {
      await app.restart();
      for (const code of codes) code.state = 'forgotten';
    } else {
      const code = codes[each.which];
      if (code) await redeem(code, each.wrong);
    }
    for (const { token, hasGrant } of codes) {
      if (token) expect((await callMcp(app, token)).status).toBe(hasGrant ? 200 : 401);
    }
    const grants = app
      .oauth()
      .clients()
      .find(({ clientId }) => clientId === owner)?.grants;
    expect(grants).toBe(codes.filter(({ hasGrant }) => hasGrant).length);
    expect(
      app
        .oauth()
        .clients()
        .find(({ clientId }) => clientId === thief)?.grants,
    ).toBe(0);
  }
}

it('R33, R34: whatever is done with codes, each is good once, for whom it is, for 60 s; a replay ends its grant', async () => {
  const app = await startApp({ keepAlive: true });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 16, size: 'max' }), (steps) =>
      play(app, steps),
    ),
    { numRuns: 20 },
  );
});
