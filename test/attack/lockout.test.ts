import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { OWNER_HEADER } from '../../src/control.ts';
import { limits } from '../../src/limits.ts';
import type { Home } from '../support/home.ts';
import { ENGINES } from '../support/listen.ts';
import { mintToken, refresh, signIn, useToken } from '../support/oauth-client.ts';
import { callAsNobody, openToAll, type RawCall } from '../support/other-account.ts';
import { createProgramHome, type Daemon, runProgram, startDaemon } from '../support/program.ts';

const FORM = 'application/x-www-form-urlencoded';
const JSON_TYPE = 'application/json';

interface Flood {
  readonly path: string;
  readonly type: string;
  readonly body: string;
  readonly headers?: string;
  /** What is answered before the limit, how many times, and what after it. */
  readonly allowed: number;
  readonly status: string;
}

const client = JSON.stringify({
  redirect_uris: ['http://127.0.0.1:9/x'],
  token_endpoint_auth_method: 'none',
});

const FLOODS: readonly Flood[] = [
  {
    path: '/control/status',
    type: JSON_TYPE,
    body: '{}',
    headers: `${OWNER_HEADER}: ${'A'.repeat(43)}\r\n`,
    allowed: limits.controlFailuresPerMinute,
    status: '401',
  },
  {
    path: '/oauth/token',
    type: FORM,
    body: 'grant_type=refresh_token&client_id=x&refresh_token=guess',
    allowed: limits.tokenFailuresPerMinute,
    status: '401',
  },
  {
    path: '/oauth/register',
    type: JSON_TYPE,
    body: client,
    allowed: limits.registrationsPerMinute,
    status: '201',
  },
];

const statusOf = (answer: string): string => /^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? answer;

describe.each(ENGINES)('another account that floods the daemon on %s', (engine) => {
  let home: Home;
  let daemon: Daemon;
  beforeEach(async () => {
    home = await createProgramHome({ CLAUDE_SECURE_ENGINE: engine, CLAUDE_SECURE_CLAUDE: '/bin/echo' });
    openToAll(home);
    daemon = await startDaemon(home);
  });

  const toDaemon = (bytes: string): RawCall => ({
    host: '127.0.0.1',
    port: daemon.state.port,
    bytes: bytes.replace('\r\n', `\r\nHost: 127.0.0.1:${daemon.state.port}\r\n`),
    end: 'open',
  });

  const post = ({ path, type, body, headers = '' }: Flood): RawCall =>
    toDaemon(
      `POST ${path} HTTP/1.1\r\nContent-Type: ${type}\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`,
    );

  const get = (path: string, headers = ''): RawCall => toDaemon(`GET ${path} HTTP/1.1\r\n${headers}\r\n`);

  it('R11b, R19: is told to wait, and keeps the owner from nothing', async () => {
    const signedIn = await signIn(home);
    for (const flood of FLOODS) {
      // The owner's own login above has taken one registration.
      const used = flood.path === '/oauth/register' ? 1 : 0;
      const answers = await callAsNobody(Array.from({ length: flood.allowed + 5 }, () => post(flood)));
      const refused = answers.filter((answer) => statusOf(answer) === '429');
      expect(answers.filter((answer) => statusOf(answer) === flood.status)).toHaveLength(
        flood.allowed - used,
      );
      expect(refused, flood.path).toHaveLength(5 + used);
      for (const answer of refused) expect(answer).toMatch(/^retry-after: [1-9]\d?\r$/im);
    }
    const pages = await callAsNobody(
      Array.from({ length: limits.authorizationsPerMinute + 5 }, () => get('/oauth/authorize')),
    );
    expect(new Set(pages.map(statusOf))).toEqual(new Set(['400', '429']));
    const bearers = Array.from({ length: 100 }, () => get('/mcp', 'Authorization: Bearer guess\r\n'));
    expect(new Set((await callAsNobody(bearers)).map(statusOf))).toEqual(new Set(['401']));

    for (const command of [['status'], ['approve'], ['clients'], ['cert', 'renew'], ['upstream', 'list']]) {
      expect(await runProgram(home, command), command.join(' ')).toMatchObject({ status: 0, stderr: '' });
    }
    const launch = await runProgram(home, ['-p', 'hi'], { env: { CLAUDE_SECURE_REQUIRE: '1' } });
    expect(launch).toMatchObject({ status: 0, stdout: expect.stringContaining('--mcp-config'), stderr: '' });
    expect(await useToken(home, await mintToken(home))).toBe(200);
    expect(await useToken(home, signedIn.accessToken)).toBe(200);
    expect((await refresh(home, signedIn)).status).toBe(200);
    expect(readFileSync(home.paths.daemonLog, 'utf8')).toContain('"event":"control.refused"');
  });

  it('R56: pushes nothing out of the log, however many addresses it comes from', async () => {
    const { refusalLinesPerMinute, refusalLinesPerMinuteInAll } = limits;
    const addresses = Array.from({ length: 12 }, (_, index) => `127.0.0.${index + 2}`);
    const calls = addresses.flatMap((from) =>
      Array.from({ length: refusalLinesPerMinute }, () => ({
        ...get('/mcp', 'Authorization: Bearer guess\r\n'),
        from,
      })),
    );
    const answers = await callAsNobody(calls);
    expect(answers.map(statusOf)).toEqual(calls.map(() => '401'));
    const lines = readFileSync(home.paths.daemonLog, 'utf8').match(/"bearer\.refused"/g);
    expect(lines).toHaveLength(refusalLinesPerMinuteInAll);
  });

  it('R41, R44: gets 401 from every MCP endpoint, and nothing from the control plane', async () => {
    const paths = ['/mcp', '/mcp/sse'];
    expect((await callAsNobody(paths.map((path) => get(path)))).map(statusOf)).toEqual(['401', '401']);
    const actions = ['status', 'mint', 'shutdown', 'reload', 'pending', 'approve', 'clients', 'revoke'];
    const call = { type: JSON_TYPE, body: '{}', allowed: 0, status: '' };
    const answers = await callAsNobody(
      actions.map((action) => post({ ...call, path: `/control/${action}` })),
    );
    expect(answers.map(statusOf)).toEqual(actions.map(() => '401'));
    expect((await runProgram(home, ['status'])).status).toBe(0);
  });
});
