import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { UpstreamReport } from '../../src/control.ts';
import type { Home } from '../support/home.ts';
import { runProgram } from '../support/program.ts';
import { type Script, startScriptedDaemon } from './scripted-daemon.ts';

const report = (name: string, state: UpstreamReport['state']): UpstreamReport => ({
  name,
  state,
  sharing: 'shared',
  processes: [],
  restarts: 0,
  calls: 0,
  lastError: undefined,
});
const LAST_GOOD: Script = {
  mint: () => ({ accessToken: 'token', expiresInSeconds: 60 }),
  upstreams: () => ({ upstreams: [report('old', 'running'), report('off', 'disabled')], problem: 'broken' }),
};

const writeFile = ({ paths }: Home, text: string, mode = 0o600): void =>
  writeFileSync(paths.upstreams, text, { mode });
const GOOD = JSON.stringify({
  mcpServers: { memory: { command: 'npx' }, off: { command: 'x', enabled: false } },
});

/** What a launch hands to Claude, and what it tells the person. */
async function launch(home: Home) {
  const { stdout, stderr, status } = await runProgram(home, ['-p', 'hi'], {
    env: { CLAUDE_SECURE_CLAUDE: '/bin/echo' },
  });
  expect(status, stderr).toBe(0);
  const [, file = ''] = /--mcp-config=(\S+)/.exec(stdout) ?? [];
  return { servers: JSON.parse(readFileSync(file, 'utf8')).mcpServers, stderr };
}

describe('a launch', () => {
  it('hands Claude every upstream that is enabled, silently and without asking the daemon', async () => {
    const daemon = await startScriptedDaemon(LAST_GOOD);
    writeFile(daemon, GOOD);
    const { servers, stderr } = await launch(daemon);
    expect(Object.keys(servers)).toEqual(['code', 'memory']);
    expect(servers.memory.url).toBe(`https://127.0.0.1:${daemon.port}/mcp/memory`);
    expect([stderr, daemon.asked]).toEqual(['', []]);
  });

  it('R57: hands over nothing of what starts them', async () => {
    const daemon = await startScriptedDaemon(LAST_GOOD);
    const secret = { command: 'canary-c', args: ['canary-a'], env: { TOKEN: 'canary-e' } };
    writeFile(daemon, JSON.stringify({ mcpServers: { memory: secret } }));
    expect(Object.keys((await launch(daemon)).servers)).toContain('memory');
    for (const name of readdirSync(daemon.paths.launch)) {
      expect(readFileSync(join(daemon.paths.launch, name), 'utf8')).not.toContain('canary');
    }
  });

  it.each([
    ['nonsense', '{\n  "mcpServers": {,}\n}', 0o600, 'upstreams.json, line 2, column 18: '],
    ['open to others', GOOD, 0o644, 'upstreams.json has mode 0644'],
  ])('goes on with the last good ones when the file is %s, and says where', async (_, text, mode, place) => {
    const daemon = await startScriptedDaemon(LAST_GOOD);
    writeFile(daemon, text, mode);
    const { servers, stderr } = await launch(daemon);
    expect(Object.keys(servers)).toEqual(['code', 'old']);
    expect(stderr.split('\n')).toEqual([expect.stringContaining(place), '']);
  });

  it('survives a daemon that cannot tell them', async () => {
    const daemon = await startScriptedDaemon({});
    writeFile(daemon, '{}');
    expect(Object.keys((await launch(daemon)).servers)).toEqual(['code']);
  });
});

describe('headers', () => {
  it.each([
    [GOOD, 'code', 0],
    [GOOD, 'memory', 0],
    [GOOD, 'off', 0],
    [GOOD, 'constructor', 1],
    [GOOD, 'old', 1],
    ['nonsense', 'code', 0],
    ['nonsense', 'old', 0],
    ['nonsense', 'memory', 1],
  ])('with %s: %s ends with %i', async (text, server, expected) => {
    const daemon = await startScriptedDaemon(LAST_GOOD);
    writeFile(daemon, text);
    const { status, stdout, stderr } = await runProgram(daemon, ['headers', server]);
    expect(status).toBe(expected);
    expect(stdout).toBe(expected === 0 ? '{"Authorization":"Bearer token"}\n' : '');
    if (expected !== 0) expect(stderr).toContain(`there is no server ${server} (NOT_FOUND)`);
  });
});
