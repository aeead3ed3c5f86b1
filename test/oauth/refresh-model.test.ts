import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type App, startApp } from '../support/oauth-app.ts';
import { callMcp, json, login, postForm, refresh, type TokenAnswer } from './flow.ts';

const SECOND_MS = 1_000;
const GRACE = 10;
/** Two of them are within the grace, with seconds left for a slow machine. */
const WITHIN = 3.5;
const BEYOND = 12;
const TWO_WEEKS = 14 * 86_400;

type Step =
  | { readonly do: 'refresh' | 'refresh as another' | 'revoke' | 'revoke as another'; readonly which: number }
  | { readonly do: 'refresh at once'; readonly which: number; readonly times: number }
  | { readonly do: 'pass'; readonly seconds: number }
  | { readonly do: 'restart' };

// Of the newest: the current one, the one before, and one that is neither.
const which = fc.nat(2);
const does = <D extends string>(name: D) => fc.record({ do: fc.constant(name), which });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: does('refresh') },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('refresh at once' as const),
      which,
      times: fc.integer({ min: 2, max: 5 }),
    }),
  },
  { weight: 2, arbitrary: does('refresh as another') },
  { weight: 1, arbitrary: does('revoke') },
  { weight: 1, arbitrary: does('revoke as another') },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('pass' as const),
      seconds: fc.oneof(
        { weight: 6, arbitrary: fc.constantFrom(WITHIN, BEYOND) },
        { weight: 1, arbitrary: fc.constant(TWO_WEEKS) },
      ),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ do: 'restart' as const }) },
);

/** What must be true of a family: three tokens matter, all others end it. */
interface Family {
  isAlive: boolean;
  current: string;
  previous: string | undefined;
  rotatedAt: number;
  /** A restart forgets the token that a retry would be given again. */
  isSuccessorKnown: boolean;
}

/** Whether the token is due an answer of 200, and if so, whether the one it is given is new. */
function expectation(family: Family, token: string, now: number): 'refused' | 'new' | 'the same' {
  const age = now - family.rotatedAt;
  if (!family.isAlive || age >= TWO_WEEKS) return 'refused';
  if (token === family.current) return 'new';
  if (token === family.previous && age <= GRACE) return family.isSuccessorKnown ? 'the same' : 'new';
  family.isAlive = false;
  return 'refused';
}

let time = 0;
let peers = 0;

async function play(app: App, steps: readonly Step[]): Promise<void> {
  // Rate limits go by the peer.
  app.pretendPeer(`127.2.${peers >> 8}.${peers++ & 255}`);
  const { clientId, tokens: first } = await login(app);
  // One that was approved as well: others are gone after a day.
  const { clientId: other } = await login(app);
  const issued: TokenAnswer[] = [first];
  const family: Family = {
    isAlive: true,
    current: first.refresh_token,
    previous: undefined,
    rotatedAt: time,
    isSuccessorKnown: false,
  };

  async function present(token: string): Promise<void> {
    const due = expectation(family, token, time);
    const answer = await refresh(app, clientId, token);
    if (due === 'refused') {
      expect(json(answer).error).toBe('invalid_grant');
      return;
    }
    expect(answer.status).toBe(200);
    const given = JSON.parse(answer.text) as TokenAnswer;
    issued.push(given);
    expect(issued.filter(({ refresh_token }) => refresh_token === given.refresh_token).length === 1).toBe(
      due === 'new',
    );
    if (due === 'the same') expect(given.refresh_token).toBe(family.current);
    else
      Object.assign(family, {
        current: given.refresh_token,
        previous: token,
        rotatedAt: time,
        isSuccessorKnown: true,
      });
  }

  async function presentAtOnce(token: string, times: number): Promise<void> {
    const due = expectation(family, token, time);
    const answers = await Promise.all(Array.from({ length: times }, () => refresh(app, clientId, token)));
    const good = answers.filter(({ status }) => status === 200);
    expect(good).toHaveLength(due === 'refused' ? 0 : times);
    if (due === 'refused') return;
    const given = good.map(({ text }) => JSON.parse(text) as TokenAnswer);
    issued.push(...given);
    expect(new Set(given.map(({ refresh_token }) => refresh_token)).size).toBe(1);
    const current = given[0]?.refresh_token ?? '';
    if (due === 'the same') expect(current).toBe(family.current);
    else Object.assign(family, { current, previous: token, rotatedAt: time, isSuccessorKnown: true });
  }

  const run = async (each: Step): Promise<void> => {
    if (each.do === 'pass') {
      time += each.seconds;
      app.shiftClock(time * SECOND_MS);
      return;
    }
    if (each.do === 'restart') {
      await app.restart();
      family.isSuccessorKnown = false;
      return;
    }
    const token = [...new Set(issued.map(({ refresh_token }) => refresh_token))].at(-1 - each.which);
    if (token === undefined) return;
    if (each.do === 'refresh') await present(token);
    else if (each.do === 'refresh at once') await presentAtOnce(token, each.times);
    else if (each.do === 'refresh as another') {
      expect(json(await refresh(app, other, token)).error).toBe('invalid_grant');
    } else {
      const client_id = each.do === 'revoke' ? clientId : other;
      expect((await postForm(app, '/oauth/revoke', { client_id, token })).status).toBe(200);
      if (each.do === 'revoke') family.isAlive = false;
    }
  };

  for (const each of steps) {
    await run(each);
    const isLiving = family.isAlive && time - family.rotatedAt < TWO_WEEKS;
    // An access token lives an hour: what is older than two weeks says nothing.
    const newest = issued.at(-1)?.access_token ?? '';
    if (!isLiving) expect((await callMcp(app, newest)).status).toBe(401);
    else if (time - family.rotatedAt < 60) expect((await callMcp(app, newest)).status).toBe(200);
  }
}

it('R36, R40: whatever is done with refresh tokens, one chain lives, and any other use ends it', async () => {
  const app = await startApp({ keepAlive: true });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 16, size: 'max' }), (steps) =>
      play(app, steps),
    ),
    { numRuns: 20 },
  );
});
