import { expect, it, onTestFinished, vi } from 'vitest';
import type { Exchange } from '../../src/exchange.ts';
import type { Log } from '../../src/log.ts';
import type { AuthorizationRequest } from '../../src/oauth/authorization-request.ts';
import { createClock } from '../../src/oauth/clock.ts';
import { createAuthorizationCodes } from '../../src/oauth/codes.ts';
import { createConsent } from '../../src/oauth/consent.ts';
import { createConsents } from '../../src/oauth/consents.ts';

const HOLD_MS = 45_000;
const silent = (): void => undefined;
const log: Log = { error: silent, info: silent, debug: silent, close: silent };
const request: AuthorizationRequest = {
  client: { id: 'c', name: 'Editor', redirectUris: [], registeredAtMs: 0, approved: false },
  redirectUri: 'http://127.0.0.1:33418/callback',
  state: undefined,
  scopes: ['mcp'],
  resource: 'https://127.0.0.1:8443/mcp',
  challenge: '',
};

it('R26: a held page is shown again before a browser loses its patience, and leaves no timer behind', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const clock = createClock(Date.now, 0);
  const consents = createConsents(clock);
  const consent = createConsent({ issuer: '', consents, codes: createAuthorizationCodes(clock), log });
  const { transaction, matchCode } = consents.open(request);
  const answers: unknown[] = [];
  const visit = (): void | Promise<void> =>
    consent.GET({
      peer: '127.0.0.1',
      headers: {},
      query: `transaction=${transaction}`,
      closed: false,
      onClose: silent,
      respond: (status, headers, body) => answers.push([status, headers.location ?? body]),
    } as Partial<Exchange> as Exchange);

  const first = visit();
  await vi.advanceTimersByTimeAsync(HOLD_MS - 1);
  expect(answers).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  await first;
  expect(answers).toEqual([[200, expect.stringContaining(`claude-secure approve ${matchCode}`)]]);

  const second = visit();
  expect(vi.getTimerCount()).toBe(1);
  consents.resolve(matchCode, true);
  await second;
  expect(answers[1]).toEqual([303, expect.stringContaining('http://127.0.0.1:33418/callback?code=')]);
  expect(vi.getTimerCount()).toBe(0);
});
