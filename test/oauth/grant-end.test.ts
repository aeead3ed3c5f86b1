import { expect, it } from 'vitest';
import { startApp } from '../support/oauth-app.ts';
import { callMcp, json, login } from './flow.ts';

const PAST_EVERY_GRANT_MS = 91 * 86_400_000;

it('R45: a grant that expired while no daemon ran is told of as one that has ended', async () => {
  const app = await startApp();
  const { tokens } = await login(app);
  const { grantId } = json(await callMcp(app, tokens.access_token));
  app.shiftClock(PAST_EVERY_GRANT_MS);
  await app.restart();
  const ended: string[] = [];
  app.oauth().onGrantEnd((grant) => ended.push(grant));
  expect(ended).toEqual([grantId]);
});
