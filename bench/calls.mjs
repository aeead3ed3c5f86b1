import { spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createHome, mint, post } from './daemon.mjs';

const SECONDS = 5;
const CONNECTIONS = 32;
const ROUNDS = 3;
const CALL = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'server_status', arguments: {} },
});

/** wrk's own report of one run: requests per second, p50 and p99 in milliseconds. */
function wrk(url, headers, dir) {
  const script = join(dir, 'call.lua');
  const lines = Object.entries(headers).map(([name, value]) => `wrk.headers["${name}"] = "${value}"`);
  writeFileSync(script, [`wrk.method = "POST"`, `wrk.body = [[${CALL}]]`, ...lines].join('\n'));
  const args = ['-t1', `-c${CONNECTIONS}`, `-d${SECONDS}s`, '--latency', '-s', script, url];
  const { stdout, error } = spawnSync('wrk', args, { encoding: 'utf8' });
  if (error) throw new Error('bench needs wrk (apt-get install wrk)');
  if (/Non-2xx/.test(stdout)) throw new Error(stdout);
  const ms = (name) => {
    const [, value, unit] = new RegExp(`${name}%\\s+([\\d.]+)(us|ms|s)`).exec(stdout);
    return (Number(value) * { us: 0.001, ms: 1, s: 1_000 }[unit]).toFixed(2);
  };
  return { rate: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)[1]), p50: ms('50'), p99: ms('99') };
}

/** An initialized session; resolves with the headers of a tools/call. */
async function openSession(home) {
  const headers = {
    authorization: `Bearer ${await mint(home, home.dir)}`,
    accept: 'application/json, text/event-stream',
    'content-type': 'application/json',
  };
  const params = {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'bench', version: '1' },
  };
  const answer = await post(home, '/mcp', { jsonrpc: '2.0', id: 0, method: 'initialize', params }, headers);
  const session = { ...headers, 'mcp-session-id': answer.headers['mcp-session-id'] };
  await post(home, '/mcp', { jsonrpc: '2.0', method: 'notifications/initialized' }, session);
  return { ...session, 'mcp-protocol-version': '2025-11-25' };
}

/** A bare uWebSockets.js handler that parses the call and answers the same JSON, in a process of its own. */
async function startBare(home, answer) {
  const file = fileURLToPath(new URL('./bare-server.mjs', import.meta.url));
  const identity = join(home.env.CLAUDE_SECURE_HOME, 'certs', 'identity.pem');
  const child = spawn(process.execPath, [file, identity, answer], { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await new Promise((resolve) => child.stdout.once('data', (data) => resolve(Number(data))));
  return { url: `https://127.0.0.1:${port}/mcp`, stop: () => child.kill() };
}

/** Authenticated tools/call over TLS beside a bare handler. Target: at least a tenth of it. */
export async function benchCalls() {
  const engines = ['uws', 'https'].map((engine) => ({
    engine,
    home: createHome(process.execPath, { CLAUDE_SECURE_ENGINE: engine }),
  }));
  const subjects = [];
  let bare;
  try {
    for (const { engine, home } of engines) {
      home.run('restart');
      const headers = await openSession(home);
      const { text } = await post(home, '/mcp', JSON.parse(CALL), headers);
      bare ??= await startBare(home, text);
      subjects.push({
        name: engine,
        url: `https://127.0.0.1:${home.state().port}/mcp`,
        headers,
        dir: home.dir,
      });
    }
    subjects.unshift({ ...subjects[0], name: 'bare uWebSockets.js', url: bare.url });
    console.log(
      `\ntools/call over TLS, ${CONNECTIONS} keep-alive connections, ${ROUNDS} x ${SECONDS} s (target 1/10)`,
    );
    for (let round = 1; round <= ROUNDS; round++) {
      const results = subjects.map(({ name, url, headers, dir }) => ({ name, ...wrk(url, headers, dir) }));
      for (const { name, rate, p50, p99 } of results) {
        const share = (results[0].rate / rate).toFixed(1);
        console.log(
          `  ${round} ${name.padEnd(20)} ${rate.toFixed(0).padStart(6)}/s  1/${share}  p50 ${p50} ms  p99 ${p99} ms`,
        );
      }
    }
  } finally {
    bare?.stop();
    for (const { home } of engines) home.stop();
  }
}
