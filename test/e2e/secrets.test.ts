import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { claudes } from '../support/claudes.ts';
import { type HttpsRequest, httpsRequest } from '../support/https-request.ts';
import { type Daemon, programCommand, startDaemon } from '../support/program.ts';
import { start } from '../support/run.ts';
import { ALLOW, createStory, type Story } from '../support/story.ts';
import { runOnTerminal } from '../support/terminal.ts';
import { waitFor } from '../support/wait-for.ts';

const CREDENTIAL = /eyJ[\w-]+\.eyJ|bearer\s+\S|PRIVATE KEY/i;
/** Every file below a directory as text, by name. */
function textsBelow(directory: string): Map<string, string> {
  const names = readdirSync(directory, { recursive: true }).map((name) => join(directory, String(name)));
  const files = names.filter((name) => statSync(name).isFile());
  return new Map(files.map((name) => [name, readFileSync(name, 'latin1')]));
}

/** What Claude has stored after a login: access and refresh tokens, as it got them. */
function storedTokens(story: Story): string[] {
  const text = readFileSync(join(story.home.dir, '.claude', '.credentials.json'), 'utf8');
  const tokens = [...text.matchAll(/"(?:accessToken|refreshToken)":\s*"([^"]{20,})"/g)].map(
    ([, token = '']) => token,
  );
  expect(tokens.length).toBeGreaterThanOrEqual(2);
  return tokens;
}

describe.each(claudes)('secrets during a session, Claude $version', (claude) => {
  it('R57: stand in no command line, no environment and no file that Claude is given', async () => {
    const story = await createStory(claude, { silent: true });
    const session = start(programCommand([ALLOW, '-p', 'hi']), { env: story.env, cwd: story.project });
    session.closeInput();
    await waitFor(
      'Claude to ask',
      () => story.api.requests.some(({ url }) => url.startsWith('/v1/messages')),
      30_000,
    );

    const secret = readFileSync(story.home.paths.ownerSecret, 'utf8').trim();
    const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    const seen = processes.flatMap((pid) => {
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
        if (!environment.includes(`HOME=${story.home.dir}\0`)) return [];
        return [readFileSync(`/proc/${pid}/cmdline`, 'utf8') + environment];
      } catch {
        return [];
      }
    });
    expect(seen.length, 'launcher, Claude, daemon').toBeGreaterThanOrEqual(3);
    for (const text of [...seen, ...textsBelow(story.home.paths.launch).values()]) {
      expect(text).not.toContain(secret);
      expect(text).not.toMatch(CREDENTIAL);
    }
    session.kill('SIGTERM');
    await session.ended;
  });
});

const canary = (place: string): string => `canary-${place}-${'c4n4ry'.repeat(8)}`;

/** One request for each place a secret can stand in; returns the secrets. */
async function sendCanaries(daemon: Daemon, authorization: string): Promise<string[]> {
  const sent: string[] = [];
  const secret = (place: string): string => {
    sent.push(canary(place));
    return canary(place);
  };
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const json = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const call = {
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: 'server_status', arguments: { note: secret('argument') } },
  };
  const token = new URLSearchParams({
    grant_type: 'authorization_code',
    code: secret('code'),
    code_verifier: secret('verifier'),
    client_secret: secret('client-secret'),
  });
  const refresh = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: secret('refresh') });
  const requests: Omit<HttpsRequest, 'port' | 'ca'>[] = [
    {
      path: `/mcp?access_token=${secret('query')}`,
      headers: { authorization: `Bearer ${secret('bearer')}` },
    },
    { path: '/mcp', headers: { cookie: `session=${secret('cookie')}` } },
    { path: `/oauth/authorize?client_id=none&state=${secret('state')}` },
    { path: '/oauth/token', method: 'POST', headers: form, body: token.toString() },
    { path: '/oauth/token', method: 'POST', headers: form, body: refresh.toString() },
    { path: '/oauth/revoke', method: 'POST', headers: form, body: `token=${secret('revoked')}` },
    {
      path: '/control/status',
      method: 'POST',
      headers: { ...json, 'x-claude-secure-owner': secret('owner') },
      body: '{}',
    },
    { path: '/mcp', method: 'POST', headers: { ...json, authorization }, body: JSON.stringify(call) },
  ];
  for (const request of requests) await httpsRequest({ port: daemon.state.port, ca: daemon.ca, ...request });
  return sent;
}

describe.each(claudes)('secrets over a whole story, Claude $version', (claude) => {
  it('R55: are found in no log, no output and no file but their own, at the most talkative level', async () => {
    const story = await createStory(claude);
    const { paths } = story.home;
    const daemon = await startDaemon(story.home, { CLAUDE_SECURE_LOG: 'debug' });
    const env = { ...story.env, NODE_EXTRA_CA_CERTS: paths.caBundle };
    await story.plain(['mcp', 'add', '--transport', 'http', 'mine', `${daemon.url}/mcp`], { env });
    const login = await runOnTerminal([claude.file, 'mcp', 'login', 'mine'], { env, cwd: story.project });
    expect(login.status, login.stdout).toBe(0);
    const session = await story.secure([ALLOW, '-p', 'hi']);
    const headers = JSON.parse((await story.secure(['headers', 'code'])).stdout);
    const secrets = [
      ...(await sendCanaries(daemon, headers.Authorization)),
      ...storedTokens(story),
      headers.Authorization.replace('Bearer ', ''),
    ];
    const owner = readFileSync(paths.ownerSecret, 'utf8').trim();

    const outputs = [
      session,
      login,
      await story.secure(['status']),
      await story.secure(['logs']),
      daemon.running.output,
    ];
    const haystack = textsBelow(paths.root);
    for (const [index, { stdout, stderr }] of outputs.entries())
      haystack.set(`output ${index}`, stdout + stderr);
    expect(haystack.get(paths.daemonLog), 'something was logged').toContain('"event"');
    for (const [where, text] of haystack) {
      for (const secret of secrets) expect(text.includes(secret), `${secret} in ${where}`).toBe(false);
      if (where !== paths.ownerSecret)
        expect(text.includes(owner), `the owner secret in ${where}`).toBe(false);
    }
  });
});
