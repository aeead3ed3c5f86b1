import { createHash } from 'node:crypto';
import { chmodSync, chownSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Home } from '../support/home.ts';
import {
  createProgramHome,
  type Daemon,
  programCommand,
  runProgram,
  startDaemon,
} from '../support/program.ts';
import { endProcessesOf, type Outcome, run } from '../support/run.ts';

const NOBODY = 65_534;
const REDIRECT = 'http://127.0.0.1:9/callback';
const VERIFIER = 'v'.repeat(43);
const CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url');

let home: Home;
let daemon: Daemon;

beforeEach(async () => {
  home = await createProgramHome();
  // A person's home is often open to read: what protects the keys must be our own directory.
  chmodSync(home.dir, 0o755);
  daemon = await startDaemon(home);
});

/** Runs a program as the other account on this machine. */
function asNobody(command: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  const drop = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--'];
  return run(['setpriv', ...drop, ...command], { env: { PATH: process.env.PATH, ...env }, cwd: '/' });
}

interface Page {
  status: number;
  location: string;
  text: string;
}

/** One request by the other account's curl, which knows no certificate of ours and does not care. */
async function curl(path: string, ...options: string[]): Promise<Page> {
  const url = path.startsWith('https:') ? path : daemon.url + path;
  const format = '\n%{http_code} %{redirect_url}';
  const { stdout } = await asNobody(['curl', '-sk', '--max-time', '10', '-w', format, ...options, url]);
  const [, text = '', status = '', location = ''] = /^(.*)\n(\d{3}) (.*)$/s.exec(stdout) ?? [];
  return { status: Number(status), location, text };
}

const form = (fields: Record<string, string>): string[] => ['--data', new URLSearchParams(fields).toString()];
const json = (value: unknown): string[] => [
  '-H',
  'content-type: application/json',
  '--data',
  JSON.stringify(value),
];

/** Registers a client and opens the consent page; gives back the page and where it waits. */
async function askForConsent(): Promise<{ page: Page; waitingAt: string }> {
  const client = { client_name: 'friendly', redirect_uris: [REDIRECT], token_endpoint_auth_method: 'none' };
  const registered = await curl('/oauth/register', ...json(client));
  expect(registered.status).toBe(201);
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: JSON.parse(registered.text).client_id,
    redirect_uri: REDIRECT,
    code_challenge: CHALLENGE,
    code_challenge_method: 'S256',
    state: 's',
    resource: `${daemon.url}/mcp`,
  });
  let waitingAt = `/oauth/authorize?${query}`;
  let page = await curl(waitingAt);
  while (page.location) {
    waitingAt = page.location;
    page = await curl(waitingAt);
  }
  const refresh = /http-equiv="refresh"\s+content="\d+;\s*url=([^"]+)"/i.exec(page.text)?.[1];
  if (refresh) waitingAt = new URL(refresh.replaceAll('&amp;', '&'), daemon.url + waitingAt).href;
  return { page, waitingAt };
}

describe('a second person on the same host', () => {
  it('R3: reads and enters nothing that is ours', async () => {
    const files = readdirSync(home.paths.root, { recursive: true }).map((name) =>
      join(home.paths.root, String(name)),
    );
    expect(files).toContain(home.paths.authority);
    for (const file of [home.paths.root, ...files]) {
      expect((await asNobody(['test', '-r', file])).status, `${file} is readable`).toBe(1);
      const isPublic = file === home.paths.caBundle || file === home.paths.serverCertificate;
      expect(statSync(file).mode & (isPublic ? 0o022 : 0o077), `${file} is open`).toBe(0);
    }
  });

  it('R41: gets 401 from every MCP endpoint and nothing from the control plane', async () => {
    const call = json({ jsonrpc: '2.0', id: 1, method: 'tools/list' });
    for (const path of ['/mcp', '/mcp/sse']) {
      expect((await curl(path)).status, `GET ${path}`).toBe(401);
    }
    expect((await curl('/mcp', ...call)).status).toBe(401);
    for (const action of [
      'status',
      'mint',
      'shutdown',
      'reload',
      'pending',
      'approve',
      'clients',
      'revoke',
    ]) {
      for (const secret of ['', 'x-claude-secure-owner: guess']) {
        const { status, text } = await curl(
          `/control/${action}`,
          ...json({}),
          ...(secret ? ['-H', secret] : []),
        );
        expect([401, 403, 429], `${action}: ${text}`).toContain(status);
      }
    }
    expect((await runProgram(home, ['status'])).status).toBe(0);
  });

  it('R26: cannot approve its own request by any form of POST; the owner can, and only then a code is issued', async () => {
    const { page, waitingAt } = await askForConsent();
    const code = /claude-secure approve ([0-9A-Z-]+)/.exec(page.text)?.[1] ?? '';
    expect(code).not.toBe('');
    const hidden = [...page.text.matchAll(/<input[^>]+name="([^"]+)"[^>]+value="([^"]*)"/g)];
    const carried = Object.fromEntries(hidden.map(([, name = '', value = '']) => [name, value]));
    const yes = [
      { approve: 'true' },
      { approve: code },
      { action: 'approve', code },
      { decision: 'allow' },
      { consent: 'yes', code },
    ];
    for (const fields of yes) {
      for (const target of [
        waitingAt,
        '/oauth/authorize',
        '/oauth/consent',
        '/oauth/approve',
        '/control/approve',
      ]) {
        const answer = await curl(target, ...form({ ...carried, ...fields } as Record<string, string>));
        expect(answer.location, `${target} ${JSON.stringify(fields)}`).not.toMatch(/[?&]code=/);
      }
    }
    await curl('/control/approve', ...json({ code, approve: true }));
    const still = await askForConsent();
    expect((await curl(still.waitingAt)).location).not.toMatch(/[?&]code=/);
    const other = /claude-secure approve ([0-9A-Z-]+)/.exec(still.page.text)?.[1] ?? '';
    expect(other).not.toBe(code);

    const approved = await runProgram(home, ['approve', other], { input: 'y\n' });
    expect(approved, approved.stderr).toMatchObject({ status: 0 });
    expect((await curl(still.waitingAt)).location).toMatch(/[?&]code=/);
    expect((await curl(waitingAt)).location, 'approving one approves no other').not.toMatch(/[?&]code=/);
  });

  it("R11: finds no daemon with its own claude-secure, and cannot take ours' port", async () => {
    const dir = mkdtempSync(join(tmpdir(), 'claude-secure-nobody-'));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    onTestFinished(() => endProcessesOf(dir));
    chownSync(dir, NOBODY, NOBODY);
    const env = { HOME: dir, CLAUDE_SECURE_PORT: String(daemon.state.port) };
    expect((await asNobody(programCommand(['status']), env)).status).toBe(3);
    const serve = await asNobody(programCommand(['serve']), env);
    expect(serve.status).toBe(6);
    expect(serve.stderr).toContain('CLAUDE_SECURE_PORT');
    expect((await runProgram(home, ['status'])).status).toBe(0);
  });
});
