import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { askControl } from '../support/control.ts';
import type { Home } from '../support/home.ts';
import { ENGINES } from '../support/listen.ts';
import { callAsNobody, openToAll, type RawCall, runAsNobody } from '../support/other-account.ts';
import { createProgramHome, type Daemon, runProgram, startDaemon } from '../support/program.ts';

interface SelfApprovals {
  readonly targets: readonly string[];
  readonly headers: readonly Readonly<Record<string, string>>[];
  readonly bodies: readonly { readonly type: string; readonly text: string }[];
  readonly withdrawals: readonly string[];
}

const { targets, headers, bodies, withdrawals }: SelfApprovals = JSON.parse(
  readFileSync(new URL('../corpus/self-approvals.json', import.meta.url), 'utf8'),
);
const FORM = 'application/x-www-form-urlencoded';
const REDIRECT = 'http://127.0.0.1:9/callback';
const CHALLENGE = createHash('sha256').update('v'.repeat(43)).digest('base64url');
const ISSUED = /[?&]code=/;
const TIMES = 25;

interface Waiting {
  /** Where the page waits, below the daemon's address. */
  readonly page: string;
  readonly code: string;
  readonly transaction: string;
}

describe.each(ENGINES)('another account that asks for access, on %s', (engine) => {
  let home: Home;
  let daemon: Daemon;
  beforeEach(async () => {
    home = await createProgramHome({ CLAUDE_SECURE_ENGINE: engine });
    openToAll(home);
    daemon = await startDaemon(home);
  });

  /** One request by the other account's curl: what came, and where it leads. */
  async function curl(path: string, ...options: string[]): Promise<{ text: string; location: string }> {
    const command = ['curl', '-sk', '--max-time', '10', '-w', '\n%{redirect_url}', ...options];
    const { stdout } = await runAsNobody([...command, daemon.url + path]);
    const at = stdout.lastIndexOf('\n');
    return { text: stdout.slice(0, at), location: stdout.slice(at + 1) };
  }

  async function registerWithCurl(): Promise<string> {
    const client = { client_name: 'friendly', redirect_uris: [REDIRECT], token_endpoint_auth_method: 'none' };
    const json = ['-H', 'content-type: application/json', '--data', JSON.stringify(client)];
    return JSON.parse((await curl('/oauth/register', ...json)).text).client_id;
  }

  /** Opens the consent page of a client; all that its program learns. */
  async function openConsent(clientId: string): Promise<Waiting> {
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: clientId,
      redirect_uri: REDIRECT,
      code_challenge: CHALLENGE,
      code_challenge_method: 'S256',
      state: 's',
    });
    const { text } = await curl(`/oauth/authorize?${query}`);
    const code = /claude-secure approve ([0-9A-Z-]+)/.exec(text)?.[1] ?? '';
    const page = /content="\d+;url=([^"]+)"/.exec(text)?.[1]?.replaceAll('&amp;', '&') ?? '';
    const transaction = new URLSearchParams(page.split('?')[1]).get('transaction') ?? '';
    expect(`${code} ${transaction}`).toMatch(/^\S+ \S{43}$/);
    return { page, code, transaction };
  }

  /** A POST of the corpus, with what the program knows in the places that it is for. */
  function post(waiting: Waiting, target: string, body: { type: string; text: string }, extra = {}): RawCall {
    const { port } = daemon.state;
    const known: Record<string, string> = { ...waiting, port: String(port) };
    const fill = (text: string): string => text.replace(/\{(\w+)\}/g, (_, name) => known[name] ?? '');
    const text = fill(body.text);
    const lines = Object.entries<string>({
      Host: `127.0.0.1:${port}`,
      'Content-Type': body.type,
      'Content-Length': String(text.length),
      ...extra,
    }).map(([name, value]) => `${name}: ${fill(value)}\r\n`);
    const bytes = `POST ${fill(target)} HTTP/1.1\r\n${lines.join('')}\r\n${text}`;
    return { host: '127.0.0.1', port, bytes, end: 'open' };
  }

  const posts = (waiting: Waiting): RawCall[] =>
    targets.flatMap((target) =>
      headers.flatMap((extra) => bodies.map((body) => post(waiting, target, body, extra))),
    );

  /** Whatever was sent, the request still waits for its owner and nothing was given. */
  async function expectStillWaiting({ code }: Waiting): Promise<void> {
    expect((await askControl(home, 'pending', {})).pending).toContainEqual(expect.objectContaining({ code }));
    expect(readFileSync(home.paths.daemonLog, 'utf8')).not.toMatch(/code\.issued|token\.(?:issued|minted)/);
  }

  it('R26: no form of POST approves, over IPv4 and IPv4 in IPv6; the owner’s terminal does', async () => {
    const waiting = await openConsent(await registerWithCurl());
    const calls = posts(waiting);
    const mapped = calls.map((call) => ({ ...call, host: '::ffff:127.0.0.1' }));
    const answers = await callAsNobody([...calls, ...mapped]);
    const statuses = answers.map((answer) => /^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? answer);
    expect([...new Set(statuses)].sort()).toEqual(['400', '401', '403', '404', '405', '429']);
    expect(answers.filter((answer) => ISSUED.test(answer))).toEqual([]);
    const overIpv6 = await callAsNobody(calls.slice(0, 5).map((call) => ({ ...call, host: '::1' })));
    expect(new Set(overIpv6)).toEqual(new Set(['ECONNREFUSED']));
    await expectStillWaiting(waiting);

    const other = await openConsent(await registerWithCurl());
    expect((await runProgram(home, ['approve', other.code], { input: 'y\n' })).status).toBe(0);
    await expectStillWaiting(waiting);
    expect((await curl(other.page)).location).toMatch(ISSUED);
  });

  it.each(['fin', 'close-notify'] as const)(
    `R26: a POST with the end of the connection right behind it (%s) approves 0 of ${TIMES} times`,
    async (end) => {
      const waiting = await openConsent(await registerWithCurl());
      const approving = { type: 'application/json', text: '{"code":"{code}","approve":true}' };
      const call = { ...post(waiting, '/control/approve', approving), end };
      await callAsNobody(Array.from({ length: TIMES }, () => call));
      await callAsNobody(posts(waiting).map((each) => ({ ...each, end })));
      await expectStillWaiting(waiting);
    },
  );

  it('R26, R27: what the page itself can send withdraws the request, whatever is added', async () => {
    const clientId = await registerWithCurl();
    for (const text of withdrawals) {
      const waiting = await openConsent(clientId);
      const call = post(waiting, '/oauth/consent', { type: FORM, text });
      const [first, second] = await callAsNobody([call, call]);
      for (const answer of [first, second].sort()) expect(answer).not.toMatch(ISSUED);
      expect([first, second].filter((answer) => /^HTTP\/1\.1 303 /.test(answer ?? ''))).toEqual([
        expect.stringMatching(/^location: \S+\?error=access_denied&/im),
      ]);
      expect((await askControl(home, 'pending', {})).pending).toEqual([]);
    }
  });
});
