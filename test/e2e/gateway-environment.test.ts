import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { call, initialize, post } from '../mcp/client.ts';
import { trustedFetch } from '../mcp/trusted-fetch.ts';
import { ENGINES } from '../support/listen.ts';
import { openSession } from '../support/mcp-session.ts';
import { ask } from '../support/oauth-client.ts';
import { findProcesses, readProcessFile } from '../support/processes.ts';
import { runProgram } from '../support/program.ts';
import { requestStateless } from '../support/stateless-request.ts';
import { lifeServer, startServers } from '../support/upstreams.ts';

const CANARIES = {
  ANTHROPIC_API_KEY: 'canary-anthropic-key',
  ANTHROPIC_BASE_URL: 'https://canary-base.invalid',
  CLAUDE_CODE_OAUTH_TOKEN: 'canary-oauth-token',
  CLAUDECODE: 'canary-claudecode',
  NODE_OPTIONS: '--title=canary-node-options',
  NODE_EXTRA_CA_CERTS: '/canary-extra-certs.pem',
  LD_PRELOAD: '/canary-preload.so',
  HTTPS_PROXY: 'http://canary-proxy.invalid:1',
  AWS_SECRET_ACCESS_KEY: 'canary-aws',
  CLAUDE_SECURE_LOG: 'debug',
};
/** Never run, never expanded, never split. */
const ARGUMENTS = [
  '$(id)',
  '`id`',
  '; id',
  '--upload-pack=touch /tmp/x',
  'a b',
  '',
  '$HOME',
  '*',
  '"\\\'',
  '| cat',
];

interface Dump {
  readonly argv: string[];
  readonly env: Record<string, string>;
  readonly received: string[];
}

describe.each(ENGINES)('R53: a server on stdio, on %s', (engine) => {
  it('gets the few variables that every program needs and its own; its arguments as they stand', async () => {
    const entry = { ...lifeServer('plain', ...ARGUMENTS), env: { OWN: 'own-${USER_VARIABLE}' } };
    const { home, at } = await startServers(
      { memory: entry },
      { ...CANARIES, USER_VARIABLE: 'value', CLAUDE_SECURE_ENGINE: engine },
    );
    const session = await openSession(at('memory'));
    const { argv, env } = (await session.call('dump')) as Dump;
    expect(argv).toEqual(['plain', ...ARGUMENTS]);
    expect(env.OWN).toBe('own-value');
    const [pid = 0, ...others] = findProcesses(home, 'life-upstream.mjs');
    expect(others).toEqual([]);
    const environ = readProcessFile(pid, 'environ');
    const names = environ.split('\0').map((variable) => variable.split('=', 1)[0]);
    expect(new Set(names)).toEqual(new Set(['HOME', 'PATH', 'TERM', 'TMPDIR', 'OWN', '']));
    expect(environ).not.toContain('canary');
    expect(environ).not.toContain(readFileSync(home.paths.ownerSecret, 'utf8').trim());
  });

  it('never sees the token, the session or any other header of a client, of either era', async () => {
    const { home, at, token } = await startServers(
      { memory: lifeServer() },
      { CLAUDE_SECURE_ENGINE: engine },
    );
    const session = await openSession(at('memory'));
    await session.call('echo', { a: 1 });
    await requestStateless(at('memory'), 'tools/call', { name: 'echo', arguments: { a: 2 } });
    const { received, env } = (await session.call('dump')) as Dump;
    expect(received.length).toBeGreaterThan(3);
    const everything = JSON.stringify([received, env]);
    for (const secret of [token, session.id, readFileSync(home.paths.ownerSecret, 'utf8').trim(), 'Bearer']) {
      expect(everything).not.toContain(secret);
    }
  });

  it('is started, added or changed by no request of a client, whatever it says', async () => {
    const servers = { memory: lifeServer(), off: { ...lifeServer(), enabled: false } };
    const { home, daemon, at, token } = await startServers(servers, { CLAUDE_SECURE_ENGINE: engine });
    const session = await openSession(at('memory'));
    await session.call('who');
    const before = readFileSync(home.paths.upstreams, 'utf8');
    const running = findProcesses(home, 'life-upstream.mjs');
    const command = { command: 'touch', args: [`${home.dir}/touched`], env: { A: 'b' } };
    const opening = initialize();
    const smuggled = { ...opening, params: { ...opening.params, ...command, mcpServers: { evil: command } } };
    for (const path of ['/mcp', '/mcp/memory', '/mcp/off', '/mcp/evil', '/mcp/memory/evil']) {
      for (const body of [
        smuggled,
        call(1, 'upstream_add', command),
        { ...call(2, 'who'), method: 'upstream/add' },
      ]) {
        await (
          await post(`${daemon.url}${path}?command=touch`, { token, headers: { 'x-command': 'touch' } }, body)
        ).text();
      }
    }
    const owner = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    for (const action of ['upstreams', 'upstream', 'traffic', 'shutdown']) {
      const answer = await ask(home, {
        path: `/control/${action}`,
        method: 'POST',
        headers: owner,
        body: JSON.stringify(command),
      });
      expect([401, 404]).toContain(answer.status);
    }
    for (const method of ['PUT', 'PATCH']) {
      const answer = await trustedFetch(at('memory').url, {
        method,
        headers: owner,
        body: JSON.stringify(command),
      });
      expect(answer.status).toBe(405);
    }
    expect(readFileSync(home.paths.upstreams, 'utf8')).toBe(before);
    expect(findProcesses(home, 'life-upstream.mjs')).toEqual(running);
    expect(findProcesses(home, 'touch')).toEqual([]);
    expect(await session.call('echo', { a: 1 })).toEqual({ a: 1 });
  });

  it('has its configured secrets in its environment alone: in no command line, log, status or health', async () => {
    const { home, at } = await startServers({}, { CLAUDE_SECURE_LOG: 'debug', CLAUDE_SECURE_ENGINE: engine });
    const secret = 'configured-secret-51f0';
    const { command, args = [] } = lifeServer();
    const add = ['upstream', 'add', 'memory', '--env', `API_KEY=${secret}`, '--', command, ...args];
    const outputs = [await runProgram(home, add)];
    const session = await openSession(at('memory'));
    expect(((await session.call('dump')) as Dump).env.API_KEY).toBe(secret);
    await session.call('complain', { line: `my key is ${secret}` });
    await session.tryCall('exit', { status: 3 });
    const commands = [
      ['status'],
      ['status', '--json'],
      ['logs'],
      ['upstream', 'list'],
      ['logs', '--server', 'memory'],
    ];
    for (const each of commands) outputs.push(await runProgram(home, each));
    for (const { stdout, stderr, status } of outputs) {
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(stdout).not.toContain(secret);
    }
    expect(readFileSync(home.paths.daemonLog, 'utf8')).toContain('my key is [redacted]');
    expect(readFileSync(home.paths.daemonLog, 'utf8')).not.toContain(secret);
    expect((await ask(home, { path: '/health' })).text).not.toContain(secret);
    expect(findProcesses(home, secret)).toEqual([]);
    expect(readFileSync(home.paths.upstreams, 'utf8')).toContain(secret);
  });
});
