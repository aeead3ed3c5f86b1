import { appendFileSync, readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Home } from '../support/home.ts';
import { ask, register } from '../support/oauth-client.ts';
import { createProgramHome, programCommand, runProgram, startDaemon } from '../support/program.ts';
import { sendRaw } from '../support/raw-tls.ts';
import { type Running, start } from '../support/run.ts';
import { waitFor } from '../support/wait-for.ts';

const ROTATION_BYTES = 10_485_760;
const FORGED = '{"time":"2026-01-01T00:00:00.000Z","level":"info","event":"forged"}';
/** Ends the line, moves the cursor, reorders, hides: each must stay inside its own value. */
const HOSTILE = `x\n${FORGED}\r\n\u001b[2J\u001b]0;title\u0007\u202e\u200b\u0085\u2028\u0000`;

const follow = (home: Home): Running =>
  start(programCommand(['logs', '-f']), { env: home.env, cwd: home.dir });

/** Printable ASCII, line by line JSON, none of them forged. */
function expectSound(text: string): void {
  expect(text).toMatch(/^[\x20-\x7e\n]*$/);
  for (const line of text.trimEnd().split('\n')) expect(JSON.parse(line).event).not.toBe('forged');
}

describe.each(['uws', 'https'])('the log of the daemon on %s', (engine) => {
  it('R56: no name, path, header or peer forges a line or moves the cursor, in the file and on the screen', async () => {
    const home = await createProgramHome({ CLAUDE_SECURE_ENGINE: engine });
    const { state, ca } = await startDaemon(home, { CLAUDE_SECURE_LOG: 'debug' });
    const following = follow(home);
    expect((await register(home, HOSTILE)).status).toBe(201);
    const clients = await runProgram(home, ['clients']);
    expect(clients.stdout).toContain('"event":"for');
    expect(clients.stdout).not.toMatch(/[^\P{C}\t\n]/u);
    const query = encodeURIComponent(HOSTILE);
    await ask(home, { path: `/oauth/authorize?client_id=${query}&state=${query}&scope=${query}` });
    await ask(home, { path: `/${query}` });
    const head = `Host: 127.0.0.1:${state.port}\r\nUser-Agent: \x1b[2J${FORGED}\r\nAuthorization: Bearer \x1b[31m`;
    for (const path of ['/mcp', '/oauth/token', '/control/status', `/\x1b[2J${FORGED.replaceAll(' ', '')}`]) {
      await sendRaw({
        port: state.port,
        ca,
        quietMs: 200,
        bytes: `POST ${path} HTTP/1.1\r\n${head}\r\nContent-Length: 0\r\n\r\n`,
      });
    }
    expect((await runProgram(home, ['stop'])).status).toBe(0);
    await waitFor('the end on the screen', () => following.output.stdout.includes('daemon.stopped'));
    following.kill('SIGINT');
    expect(await following.ended).toMatchObject({ status: 0, stderr: '' });
    const shown = await runProgram(home, ['logs']);
    const text = readFileSync(home.paths.daemonLog, 'utf8');
    expect(text).toContain('client.registered');
    for (const output of [text, following.output.stdout, shown.stdout]) expectSound(output);
  });

  it('R56: `logs -f` follows over a rotation and loses no line', async () => {
    const home = await createProgramHome({ CLAUDE_SECURE_ENGINE: engine });
    const { running } = await startDaemon(home);
    running.kill('SIGTERM');
    await running.ended;
    const filler = `${JSON.stringify({ event: 'filler', text: 'x'.repeat(900) })}\n`;
    appendFileSync(home.paths.daemonLog, filler.repeat(Math.ceil(ROTATION_BYTES / filler.length)));
    const following = follow(home);
    await waitFor('the last lines', () => following.output.stdout.includes('filler'));
    await startDaemon(home);
    for (let count = 0; count < 5; count++)
      expect((await register(home, `client ${count}`)).status).toBe(201);
    await waitFor(
      'five registrations',
      () => following.output.stdout.match(/client\.registered/g)?.length === 5,
    );
    expect(following.output.stdout.match(/"daemon\.started"/g)).toHaveLength(1);
    following.kill('SIGINT');
    expect((await following.ended).status).toBe(0);
    expect(statSync(home.paths.daemonLog).size).toBeLessThan(100_000);
    for (const file of [home.paths.daemonLog, `${home.paths.daemonLog}.1`]) {
      expect(statSync(file).mode & 0o777).toBe(0o600);
    }
  });
});
