import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { OWNER_HEADER } from '../../src/control.ts';
import { loginInFull } from '../support/full-login.ts';
import type { Home } from '../support/home.ts';
import type { HttpsRequest } from '../support/https-request.ts';
import { ENGINES } from '../support/listen.ts';
import { openSession } from '../support/mcp-session.ts';
import { ask, refresh } from '../support/oauth-client.ts';
import { runProgram } from '../support/program.ts';
import type { Outcome } from '../support/run.ts';
import { requestStateless } from '../support/stateless-request.ts';
import { lifeServer, type ServedUpstreams, startServers } from '../support/upstreams.ts';
import { waitFor } from '../support/wait-for.ts';

const FORM = 'application/x-www-form-urlencoded';
const JSON_TYPE = 'application/json';

/** Secrets by the place they were put in. They look like nothing that a pattern would know. */
class Canaries {
  readonly planted = new Map<string, string>();

  /** A new one for this place. */
  plant(place: string): string {
    const value = `canary.${place}.${randomBytes(8).toString('hex')}`;
    this.planted.set(place, value);
    return value;
  }
}

type Request = Omit<HttpsRequest, 'port' | 'ca'>;

const post = (path: string, type: string, body: string, headers: Record<string, string> = {}): Request => ({
  path,
  method: 'POST',
  headers: { 'content-type': type, accept: 'application/json, text/event-stream', ...headers },
  body,
});

/** A request for every place of HTTP that a secret may stand in, right or wrong. */
function requestsOf(canaries: Canaries, token: string): Request[] {
  const plant = (place: string): string => canaries.plant(place);
  const form = (fields: Record<string, string>): string => new URLSearchParams(fields).toString();
  const authorization = `Bearer ${token}`;
  return [
    { path: `/mcp?access_token=${plant('query-token')}`, headers: { authorization } },
    { path: `/health?key=${plant('query')}` },
    { path: `/nowhere?key=${plant('query-404')}` },
    { path: '/mcp', headers: { authorization: `Bearer ${plant('bearer')}` } },
    { path: '/mcp', headers: { authorization: `Basic ${plant('basic')}` } },
    { path: '/mcp', headers: { authorization: plant('authorization') } },
    { path: '/mcp', headers: { cookie: `session=${plant('cookie')}`, 'x-api-key': plant('api-key') } },
    { path: '/mcp', headers: { referer: `https://x.test/?code=${plant('referer')}` } },
    { path: `/oauth/authorize?client_id=${plant('client-id')}&state=${plant('state')}` },
    { path: `/oauth/consent?transaction=${plant('transaction')}` },
    post('/oauth/consent', FORM, form({ transaction: plant('transaction-post') })),
    post(
      '/oauth/token',
      FORM,
      form({
        grant_type: 'authorization_code',
        code: plant('code'),
        code_verifier: plant('verifier'),
        client_id: 'x',
      }),
    ),
    post('/oauth/token', FORM, form({ grant_type: 'refresh_token', refresh_token: plant('refresh') })),
    post(
      '/oauth/token',
      FORM,
      form({ grant_type: plant('grant-type'), client_secret: plant('client-secret') }),
    ),
    post('/oauth/token', JSON_TYPE, `{"code":"${plant('wrong-type')}"}`),
    post('/oauth/revoke', FORM, form({ token: plant('revoked'), client_secret: plant('revoke-secret') })),
    post('/oauth/register', JSON_TYPE, `{"client_secret":"${plant('register-secret')}"`),
    post('/oauth/register', JSON_TYPE, `{"redirect_uris":["javascript:${plant('redirect')}"]}`),
    post('/control/status', JSON_TYPE, '{}', { [OWNER_HEADER]: plant('owner') }),
    post('/control/mint', JSON_TYPE, `{"workspace":"${plant('control-body')}"`),
    post('/mcp', JSON_TYPE, `{"jsonrpc":"2.0","id":1,"method":"${plant('broken-json')}`, { authorization }),
    post('/mcp', JSON_TYPE, `{"jsonrpc":"2.0","id":{},"method":"${plant('broken-rpc')}"}`, { authorization }),
    post('/mcp', JSON_TYPE, '{}', { authorization, 'mcp-session-id': plant('session-id') }),
  ];
}

/** Tools called with secrets, on both revisions, and a server that tells what it was given and started with. */
async function callTools({ at, daemon }: ServedUpstreams, canaries: Canaries, apiKey: string): Promise<void> {
  const session = await openSession(at('life'));
  await session.call('echo', { note: canaries.plant('argument') });
  await session.tryCall('no-such-tool', { note: canaries.plant('argument-of-nothing') });
  await session.request('resources/read', { uri: `https://x.test/?key=${canaries.plant('uri')}` });
  await session.request(canaries.plant('method'));
  await requestStateless(at('life'), 'tools/call', {
    name: 'echo',
    arguments: { note: canaries.plant('stateless') },
  });
  await session.call('complain', {
    line: `the key is ${apiKey}, sent as Bearer ${canaries.plant('stderr')}`,
  });
  await session.tryCall('exit', { status: 1 });
  const code = await openSession({ ...at('life'), url: `${daemon.url}/mcp` });
  await code.tryCall('server_status', { note: canaries.plant('code-argument') });
  await code.delete();
}

/** Where below the home directory, by the raw bytes, each of the secrets stands. */
function findIn(home: Home, secrets: ReadonlyMap<string, string>): Record<string, string[]> {
  const files = readdirSync(home.dir, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const texts = files.map(({ parentPath, name }) => {
    const file = join(parentPath, name);
    return [relative(home.paths.root, file), readFileSync(file, 'latin1')] as const;
  });
  const found = [...secrets].map(([place, secret]): [string, string[]] => [
    place,
    texts.filter(([, text]) => text.includes(secret)).map(([name]) => name),
  ]);
  return Object.fromEntries(found.filter(([, names]) => names.length > 0));
}

describe.each(ENGINES)('R55: a secret in every input, at the most talkative level, on %s', (engine) => {
  it('stands in no log, output, report or file but its own', async () => {
    const canaries = new Canaries();
    const apiKey = canaries.plant('upstream-env');
    const served = await startServers(
      { life: { ...lifeServer(), env: { API_KEY: apiKey } } },
      {
        CLAUDE_SECURE_LOG: 'debug',
        CLAUDE_SECURE_ENGINE: engine,
        CLAUDE_SECURE_CLAUDE: '/bin/true',
        NODE_OPTIONS: '--report-on-signal',
      },
    );
    const { home, daemon, token } = served;
    const { secrets, ...login } = await loginInFull(home);
    for (const [place, secret] of Object.entries(secrets)) canaries.planted.set(place, secret);
    for (const request of requestsOf(canaries, token)) await ask(home, request);
    await callTools(served, canaries, apiKey);
    const rotated = JSON.parse((await refresh(home, login)).text);
    canaries.planted.set('rotated refresh token', rotated.refresh_token);
    canaries.planted.set('rotated access token', rotated.access_token);
    canaries.planted.set('launcher token', token);

    const outputs: Pick<Outcome, 'stdout' | 'stderr'>[] = [];
    const commands = [
      '-p hi',
      'status',
      'status --json',
      'clients',
      'approve',
      'upstream list',
      'logs',
      'cert',
    ];
    for (const line of commands) outputs.push(await runProgram(home, line.split(' ')));
    const traffic = await runProgram(home, ['logs', '--server', 'life']);
    process.kill(daemon.state.pid, 'SIGUSR2');
    const report = await waitFor('a diagnostic report', () =>
      readdirSync(home.dir, { recursive: true }).find((name) => /report\..*\.json$/.test(String(name))),
    );
    await waitFor('the whole report', () =>
      readFileSync(join(home.dir, String(report)), 'utf8')
        .trimEnd()
        .endsWith('}'),
    );
    expect((await runProgram(home, ['stop'])).status).toBe(0);
    outputs.push(await daemon.running.ended);

    const owner = readFileSync(home.paths.ownerSecret, 'utf8');
    canaries.planted.set('owner secret', owner);
    expect(findIn(home, canaries.planted)).toEqual({
      'owner secret': ['owner.secret'],
      'upstream-env': ['upstreams.json'],
    });
    const toldIn = (text: string): string[] =>
      [...canaries.planted].filter(([, secret]) => text.includes(secret)).map(([place]) => place);
    expect(toldIn(outputs.map(({ stdout, stderr }) => stdout + stderr).join(''))).toEqual([]);
    // What was asked for, not what was handed over: that is what the owner wants to see there.
    expect(toldIn(traffic.stdout + traffic.stderr)).toEqual(['uri', 'method']);
    const log = readFileSync(home.paths.daemonLog, 'utf8');
    expect(log).toContain('the key is [redacted], sent as [redacted]');
    expect(log).toContain('"event":"token.issued"');
  });
});
