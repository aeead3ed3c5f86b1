import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const BIN = fileURLToPath(new URL('../bin/claude-secure.js', import.meta.url));

/** A home of its own, with a daemon that `stop()` ends. */
export function createHome(node = process.execPath, extra = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'claude-secure-bench-'));
  const root = join(dir, 'secure');
  const env = {
    PATH: process.env.PATH,
    HOME: dir,
    CLAUDE_SECURE_HOME: root,
    CLAUDE_SECURE_PORT: '0',
    CLAUDE_SECURE_CLAUDE: '/bin/true',
    ...extra,
  };
  const run = (...args) => {
    const { status, stdout, stderr } = spawnSync(node, [BIN, ...args], { env, cwd: dir, encoding: 'utf8' });
    if (status !== 0) throw new Error(`claude-secure ${args.join(' ')}: ${status}\n${stderr}`);
    return stdout;
  };
  return {
    dir,
    env,
    run,
    state: () => JSON.parse(readFileSync(join(root, 'state.json'), 'utf8')),
    ca: () => readFileSync(join(root, 'certs', 'ca-bundle.pem'), 'utf8'),
    ownerSecret: () => readFileSync(join(root, 'owner.secret'), 'utf8'),
    stop() {
      spawnSync(node, [BIN, 'stop'], { env });
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** One POST of JSON; resolves with status, headers and text. */
export function post(home, path, body, headers = {}) {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: '127.0.0.1',
        port: home.state().port,
        ca: home.ca(),
        path,
        method: 'POST',
        agent: false,
        headers: { 'content-type': 'application/json', ...headers },
      },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk) => {
          text += chunk;
        });
        answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, text }));
      },
    );
    sent.on('error', reject).end(JSON.stringify(body));
  });
}

/** A bearer token for one workspace, minted over the control plane as the launcher does. */
export async function mint(home, workspace) {
  const headers = { 'x-claude-secure-owner': home.ownerSecret() };
  const { text } = await post(home, '/control/mint', { workspace, server: 'code' }, headers);
  return JSON.parse(text).accessToken;
}

/** Resident memory of a process in MB; `Pss` counts what it shares with others (Node's own binary) in part. */
export function residentMb(pid, kind = 'Rss') {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(new RegExp(`^${kind}:\\s+(\\d+)`, 'm').exec(text)[1]) / 1_024;
}
