import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { BIN, createHome, mint, residentMb } from './daemon.mjs';

const SESSIONS = 1_000;
const SETTLE_MS = 3_000;
// limits.sessionsPerGrant is 64, and a grant is one workspace.
const WORKSPACES = 20;

const settle = () => new Promise((resolve) => setTimeout(resolve, SETTLE_MS));

function openSse(home, token) {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: '127.0.0.1',
        port: home.state().port,
        ca: home.ca(),
        path: '/mcp/sse',
        agent: false,
        headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' },
      },
      (answer) => answer.once('data', () => resolve(sent)),
    );
    sent.once('error', reject).end();
  });
}

/** Resident memory: idle (target 90 MB), and per idle SSE session (target 20 KB). */
async function benchDaemonMemory(engine) {
  const home = createHome(process.execPath, { CLAUDE_SECURE_ENGINE: engine });
  const streams = [];
  try {
    home.run('restart');
    await settle();
    const { pid } = home.state();
    const idle = residentMb(pid);
    const tokens = await Promise.all(
      Array.from({ length: WORKSPACES }, (_, index) => mint(home, `/w${index}`)),
    );
    // The first sessions load what every later one shares.
    for (const token of tokens) streams.push(await openSse(home, token));
    await settle();
    const before = residentMb(pid);
    for (let index = 0; index < SESSIONS; index++)
      streams.push(await openSse(home, tokens[index % WORKSPACES]));
    await settle();
    const each = ((residentMb(pid) - before) / SESSIONS) * 1_024;
    console.log(
      `  ${engine.padEnd(6)} idle ${idle.toFixed(0)} MB, an idle SSE session ${each.toFixed(1)} KB`,
    );
  } finally {
    for (const stream of streams) stream.destroy();
    home.stop();
  }
}

/** The launcher while claude runs: nothing after execve, one process after spawn (target 45 MB). */
async function benchLauncherMemory() {
  const home = createHome();
  const claude = join(home.dir, 'claude');
  writeFileSync(claude, '#!/bin/sh\nexec sleep 60\n', { mode: 0o755 });
  let child;
  try {
    home.run('restart');
    const env = { ...home.env, CLAUDE_SECURE_CLAUDE: claude };
    child = spawn(process.execPath, [BIN, '-p', 'hi'], { env, cwd: home.dir, stdio: 'ignore' });
    await once(child, 'spawn');
    await settle();
    const [rss, pss] = ['Rss', 'Pss'].map((kind) => residentMb(child.pid, kind).toFixed(0));
    console.log(`  the launcher after spawn ${rss} MB, its share of it ${pss} MB (Pss)`);
  } finally {
    child?.kill();
    home.stop();
  }
}

export async function benchMemory() {
  console.log('\nResident memory (targets: idle 90 MB, session 20 KB, launcher 45 MB)');
  for (const engine of ['uws', 'https']) await benchDaemonMemory(engine);
  await benchLauncherMemory();
}
