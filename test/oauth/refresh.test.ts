import { describe, expect, it } from 'vitest';
import { type App, startApp } from '../support/oauth-app.ts';
import { type Login, login, refresh, type TokenAnswer } from './flow.ts';

const DAY_MS = 86_400_000;

async function rotate(app: App, { clientId }: Login, refreshToken: string): Promise<TokenAnswer> {
  const answer = await refresh(app, clientId, refreshToken);
  if (answer.status !== 200) throw new Error(`refresh: ${answer.status} ${answer.text}`);
  return JSON.parse(answer.text) as TokenAnswer;
}

describe.each(['uws', 'https'] as const)('refresh tokens on %s', (engine) => {
  it('R36: however often it was used, 90 days after the login it is refused', async () => {
    const app = await startApp({ engine });
    const busy = await login(app);
    let { tokens } = busy;
    for (let day = 13; day < 90; day += 13) {
      app.shiftClock(day * DAY_MS);
      tokens = await rotate(app, busy, tokens.refresh_token);
    }
    app.shiftClock(90 * DAY_MS + 5_000);
    expect((await refresh(app, busy.clientId, tokens.refresh_token)).status).toBe(400);
  });
});
