import { once } from 'node:events';
import { connect } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../support/fake-clock.ts';
import type { Home } from '../support/home.ts';
import { refresh, signIn, useToken } from '../support/oauth-client.ts';
import { createProgramHome, readState, runProgram, startDaemon } from '../support/program.ts';
import { waitFor } from '../support/wait-for.ts';

const DAY_MS = 86_400_000;

/** When the certificate ends that the daemon serves now; it need not be valid by our own clock. */
async function servedUntil(home: Home): Promise<number> {
  const port = readState(home)?.port ?? 0;
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { valid_to } = socket.getPeerCertificate();
  socket.destroy();
  return Date.parse(valid_to);
}

describe.each(['uws', 'https'])('clock jumps, on %s', (engine) => {
  it('R45: +2 h ends access tokens and a refresh goes on; -2 h brings nothing back to life, over a restart too', async () => {
    const home = await createProgramHome({ CLAUDE_SECURE_ENGINE: engine });
    const clock = createFakeClock(home.dir);
    const first = await startDaemon(home, clock.env);
    const before = await signIn(home);
    expect(await useToken(home, before.accessToken)).toBe(200);

    clock.jump('+2h');
    expect(await useToken(home, before.accessToken)).toBe(401);
    const refreshed = await refresh(home, before);
    expect(refreshed.status).toBe(200);
    const { access_token: after } = JSON.parse(refreshed.text);
    expect(await useToken(home, after)).toBe(200);

    clock.jump('-2h');
    expect(await useToken(home, before.accessToken)).toBe(401);
    expect(await useToken(home, after)).toBe(200);
    first.running.kill('SIGTERM');
    await first.running.ended;
    await startDaemon(home, clock.env);
    expect(await useToken(home, before.accessToken)).toBe(401);
    expect(await useToken(home, after)).toBe(200);
  });

  it('L9: +400 d while it runs: the certificate is renewed in place and the owner is served on', async () => {
    const home = await createProgramHome({ CLAUDE_SECURE_ENGINE: engine });
    const clock = createFakeClock(home.dir);
    const { state } = await startDaemon(home, clock.env);
    const before = await signIn(home);

    clock.jump('+400d');
    const later = Date.now() + 400 * DAY_MS;
    await waitFor('a certificate of that day', async () => (await servedUntil(home)) > later, 20_000);
    const status = await runProgram(home, ['status', '--json'], { env: clock.env });
    expect(status.status, status.stderr).toBe(0);
    expect(JSON.parse(status.stdout).pid).toBe(state.pid);
    const headers = await runProgram(home, ['headers', 'code'], { env: clock.env });
    expect(headers.status, headers.stderr).toBe(0);

    // Back again: what is served now begins in the future, so a launcher renews it and is served.
    clock.jump('+0');
    await waitFor('a certificate of today', async () => (await servedUntil(home)) < later, 20_000);
    expect((await runProgram(home, ['headers', 'code'])).status).toBe(0);
    expect(await useToken(home, before.accessToken), 'expired on the way').toBe(401);
    expect((await refresh(home, before)).status, 'unused for 400 days').toBe(400);
    expect(await useToken(home, (await signIn(home)).accessToken)).toBe(200);
  });

  it.each(['-2h', '+2h', '+400d'])(
    'L9: a start at %s serves under a certificate of that time',
    async (offset) => {
      const home = await createProgramHome({
        CLAUDE_SECURE_ENGINE: engine,
        CLAUDE_SECURE_CLAUDE: '/bin/echo',
      });
      expect((await runProgram(home, ['-p', 'hi'])).status).toBe(0);
      expect((await runProgram(home, ['stop'])).status).toBe(0);
      const clock = createFakeClock(home.dir);
      clock.jump(offset);
      const launch = await runProgram(home, ['-p', 'hi'], { env: clock.env });
      expect(launch).toMatchObject({
        status: 0,
        stderr: '',
        stdout: expect.stringContaining('--mcp-config'),
      });
      expect((await runProgram(home, ['headers', 'code'], { env: clock.env })).status).toBe(0);
      expect((await runProgram(home, ['stop'], { env: clock.env })).status).toBe(0);

      const back = await runProgram(home, ['-p', 'hi']);
      expect(back).toMatchObject({ status: 0, stderr: '', stdout: expect.stringContaining('--mcp-config') });
      expect((await runProgram(home, ['headers', 'code'])).status).toBe(0);
    },
  );
});
