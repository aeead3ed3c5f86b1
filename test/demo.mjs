/**
 * `npm run demo`: the whole thing, offline, on any machine with Node: a real Claude Code on a mock of the
 * Anthropic API calls our tool over HTTPS; then `status`. Everything happens in a home made for it.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startAnthropicApi } from './support/anthropic-api.mjs';

const program = fileURLToPath(new URL('../bin/claude-secure.js', import.meta.url));
if (!existsSync(fileURLToPath(new URL('../dist', import.meta.url)))) {
  throw new Error('build it first: npm ci, or npm run build');
}

const home = mkdtempSync(join(tmpdir(), 'claude-secure-demo-'));
const project = join(home, 'project');
mkdirSync(project);
const api = await startAnthropicApi();
// npm puts the clone's own claude on the PATH; a demo started without npm finds it all the same.
const bin = fileURLToPath(new URL('../node_modules/.bin', import.meta.url));
const delimiter = process.platform === 'win32' ? ';' : ':';
// Neither the person's own claude-secure nor their account has a part in this.
const foreign = Object.entries(process.env).filter(([name]) => !/^(CLAUDE|ANTHROPIC_)/.test(name));
const env = {
  ...Object.fromEntries(foreign),
  PATH: `${bin}${delimiter}${process.env.PATH}`,
  HOME: home,
  USERPROFILE: home,
  CLAUDE_SECURE_HOME: join(home, 'claude-secure'),
  CLAUDE_CONFIG_DIR: join(home, '.claude'),
  ANTHROPIC_API_KEY: 'sk-ant-demo',
  ANTHROPIC_BASE_URL: api.url,
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  // 2.1.197 gives MCP servers 2 s with -p, which a busy machine may need; newer ones wait anyway.
  MCP_CONNECTION_NONBLOCKING: 'false',
};

/** Runs claude-secure as a person would, visibly; gives back its exit code. */
function claudeSecure(...args) {
  console.log(`\n$ claude-secure ${args.map((arg) => (arg.includes(' ') ? `"${arg}"` : arg)).join(' ')}`);
  const child = spawn(process.execPath, [program, ...args], {
    cwd: project,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

const prompt = ['-p', '--allowedTools=mcp__code__server_status', 'what is running?'];
try {
  const codes = [await claudeSecure(...prompt), await claudeSecure('status')];
  process.exitCode = Math.max(...codes);
} finally {
  await claudeSecure('stop');
  await api.close();
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
}
