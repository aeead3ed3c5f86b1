import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { OWNER_HEADER } from '../../src/control.ts';
import { limits } from '../../src/limits.ts';
import { type HttpsAnswer, httpsRequest } from '../support/https-request.ts';
import { createProgramHome, startDaemon } from '../support/program.ts';

const NOT_THE_SECRET = 'A'.repeat(43);

/** The built daemon on one engine, and a caller of its control plane. */
async function startControlled(engine: string) {
  const home = await createProgramHome({ CLAUDE_SECURE_ENGINE: engine });
  const daemon = await startDaemon(home);
  const secret = readFileSync(home.paths.ownerSecret, 'utf8');
  const { port, instanceId, pid } = daemon.state;
  const send = (
    action: string,
    {
      headers = {},
      body = '{}',
      method = 'POST',
    }: { headers?: Record<string, string>; body?: string; method?: string },
  ): Promise<HttpsAnswer> =>
    httpsRequest({
      port,
      ca: daemon.ca,
      method,
      path: `/control/${action}`,
      headers: { 'content-type': 'application/json', ...headers },
      ...(method === 'POST' && { body }),
    });
  const asOwner = { [OWNER_HEADER]: secret };
  const status = async (): Promise<{ pid: number }> =>
    JSON.parse((await send('status', { headers: asOwner })).text);
  return {
    send,
    asOwner,
    status,
    instanceId,
    pid,
    log: home.paths.daemonLog,
    shutdown: JSON.stringify({ instanceId, onlyIfIdle: false }),
  };
}

describe.each(['uws', 'https'])('R11b: the control plane on %s', (engine) => {
  it('answers the owner', async () => {
    const { status, pid } = await startControlled(engine);
    expect((await status()).pid).toBe(pid);
  });

  it('refuses whoever lacks the secret, and does nothing', async () => {
    const { send, shutdown, status, pid } = await startControlled(engine);
    const refused = [
      {},
      { [OWNER_HEADER]: '' },
      { [OWNER_HEADER]: NOT_THE_SECRET },
      { [OWNER_HEADER]: 'a'.repeat(500) },
    ];
    for (const headers of refused) {
      const { status: code, headers: answered } = await send('shutdown', { headers, body: shutdown });
      expect(code).toBe(401);
      expect(answered['cache-control']).toBe('no-store');
    }
    expect((await status()).pid).toBe(pid);
  });

  it('refuses a page even with the secret', async () => {
    const { send, asOwner, shutdown, status, pid } = await startControlled(engine);
    for (const origin of ['https://evil.example', 'null', `https://127.0.0.1:${1}`]) {
      expect((await send('shutdown', { headers: { ...asOwner, origin }, body: shutdown })).status).toBe(403);
    }
    expect((await status()).pid).toBe(pid);
  });

  it('takes POST with JSON of the right form and nothing else', async () => {
    const { send, asOwner, status, pid } = await startControlled(engine);
    const get = await send('status', { headers: asOwner, method: 'GET' });
    expect(get).toMatchObject({ status: 405, headers: { allow: 'POST' } });
    const form = { ...asOwner, 'content-type': 'application/x-www-form-urlencoded' };
    expect((await send('status', { headers: form, body: 'a=1' })).status).toBe(415);
    for (const body of ['', 'null', '[]', '{}', '{"instanceId":1,"onlyIfIdle":false}', '{"instanceId":"x"']) {
      expect((await send('shutdown', { headers: asOwner, body })).status, body).toBe(400);
    }
    expect((await send('reboot', { headers: asOwner })).status).toBe(404);
    expect((await status()).pid).toBe(pid);
  });

  it('lets nobody guess: after ten failures in a minute 429, but never for the owner', async () => {
    const { send, asOwner, log } = await startControlled(engine);
    const guess = () => send('status', { headers: { [OWNER_HEADER]: NOT_THE_SECRET } });
    for (let failure = 0; failure < limits.controlFailuresPerMinute; failure++) {
      expect((await guess()).status).toBe(401);
    }
    const { status, headers } = await guess();
    expect(status).toBe(429);
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    expect((await send('status', { headers: asOwner })).status).toBe(200);
    const refusals = readFileSync(log, 'utf8')
      .split('\n')
      .filter((line) => line.includes('control.refused'));
    const statuses = refusals.map((line) => JSON.parse(line).status);
    expect(statuses, 'R56: each is audited').toEqual([
      ...Array.from({ length: limits.controlFailuresPerMinute }, () => 401),
      429,
    ]);
  });

  it('does not stop for another instance than the one that was meant', async () => {
    const { send, asOwner, status, pid } = await startControlled(engine);
    const body = JSON.stringify({ instanceId: 'another', onlyIfIdle: false });
    const answer = await send('shutdown', { headers: asOwner, body });
    expect(JSON.parse(answer.text)).toMatchObject({ stopping: false });
    expect((await status()).pid).toBe(pid);
  });
});
