import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { call } from '../mcp/client.ts';
import type { Home } from '../support/home.ts';
import { openSession, readAnswer } from '../support/mcp-session.ts';
import { runProgram } from '../support/program.ts';
import { requestStateless } from '../support/stateless-request.ts';
import { lifeServer, startServers } from '../support/upstreams.ts';

const canary = (place: string): string => `canary-${place}-${'c4n4ry'.repeat(8)}`;

/** The files below the home directory that hold the text, as `grep -r` finds them. */
function grep(home: Home, text: string): string[] {
  return readdirSync(home.dir, { recursive: true })
    .map((name) => join(home.dir, String(name)))
    .filter((name) => statSync(name).isFile() && readFileSync(name, 'latin1').includes(text))
    .map((name) => relative(home.paths.root, name));
}

describe('R55: what clients and servers say to each other', () => {
  it('stands in no log, no output and no file, but for events that a client may come back for', async () => {
    const secrets = {
      argument: canary('argument'),
      result: canary('result'),
      streamed: canary('streamed'),
      stateless: canary('stateless'),
      env: canary('env'),
      bearer: `Bearer ${canary('bearer')}`,
    };
    const entry = { ...lifeServer(), env: { API_KEY: secrets.env } };
    const { home, daemon, at, token } = await startServers({ memory: entry }, { CLAUDE_SECURE_LOG: 'debug' });
    const session = await openSession(at('memory'));
    await session.call('echo', { note: secrets.result });
    await session.tryCall(`no-tool`, { note: secrets.argument });
    await requestStateless(at('memory'), 'tools/call', {
      name: 'echo',
      arguments: { note: secrets.stateless },
    });
    await session.call('complain', { line: `key ${secrets.env} and ${secrets.bearer}` });
    // Progress makes events of this answer, and events are kept for whoever loses the connection.
    const response = await session.post(
      call('streamed', 'report', { note: secrets.streamed }, { _meta: { progressToken: 1 } }),
    );
    expect((await readAnswer(response)).result).toBeDefined();
    await session.tryCall('exit', { status: 1 });
    await runProgram(home, ['logs', '--server', 'memory', '--bodies']);
    const outputs = [daemon.running.output];
    for (const command of [['status'], ['status', '--json'], ['logs'], ['logs', '--server', 'memory']]) {
      outputs.push(await runProgram(home, command));
    }
    // Another session's end says that the journal has caught up.
    await (await openSession(at('memory'))).delete();

    expect(readFileSync(home.paths.daemonLog, 'utf8')).toContain('key [redacted]');
    const found = Object.entries(secrets).map(([place, secret]) => [place, grep(home, secret)] as const);
    const { streamed = [], env, ...others } = Object.fromEntries(found);
    expect(others).toEqual({ argument: [], result: [], stateless: [], bearer: [] });
    expect(env).toEqual(['upstreams.json']);
    expect(streamed.length).toBeGreaterThan(0);
    for (const file of streamed) expect(file).toMatch(/^store\//);
    expect(grep(home, token)).toEqual([]);
    for (const { stdout, stderr } of outputs) {
      for (const secret of Object.values(secrets)) expect(stdout + stderr).not.toContain(secret);
    }
    expect(statSync(home.paths.store).mode & 0o777).toBe(0o700);
  });
});
