import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readEvents } from '../mcp/event-reader.ts';
import { askControl, readUpstream, reportOf } from '../support/control.ts';
import { ENGINES } from '../support/listen.ts';
import { type Answer, type McpSession, openSession } from '../support/mcp-session.ts';
import { isAlive, memoryOf } from '../support/processes.ts';
import { runProgram } from '../support/program.ts';
import { requestStateless } from '../support/stateless-request.ts';
import { lifeServer, type ServedUpstreams, startServers } from '../support/upstreams.ts';
import { waitFor } from '../support/wait-for.ts';

const GIB_IN_MIB = 1_024;
const NOTIFICATIONS = 100_000;
const PASSED_PER_SECOND = 5_000;
const TOOLS = 10_000;
/** Far above what is measured (0.5 s): two cores may be busy with other tests. */
const SLOW_MS = 3_000;
const FIXTURE_TOOLS = 15;
/** Everything that moves a cursor, hides text or turns its direction, but for the end of a line. */
const UNSAFE = /(?!\n)[\p{Cc}\p{Cf}\u2028\u2029]/u;

/** A hostile server, and a good one that somebody goes on calling meanwhile. */
async function meet(...args: string[]): Promise<ServedUpstreams & { bad: McpSession; good: McpSession }> {
  const served = await startServers({ bad: lifeServer(...args), good: lifeServer() });
  return { ...served, bad: await openSession(served.at('bad')), good: await openSession(served.at('good')) };
}

/** Calls the good server until that is done; gives how long the slowest call took. */
async function callUntil(done: Promise<unknown>, good: McpSession): Promise<number> {
  let isDone = false;
  void done.finally(() => {
    isDone = true;
  });
  let slowestMs = 0;
  do {
    const asked = performance.now();
    expect(await good.call('echo', { a: 1 })).toEqual({ a: 1 });
    slowestMs = Math.max(slowestMs, performance.now() - asked);
  } while (!isDone);
  return slowestMs;
}

const toolNames = ({ result }: Answer): string[] =>
  (result as { tools: { name: string }[] }).tools.map(({ name }) => name);

describe('R54: while other servers’ calls go on as ever, a server that', () => {
  it('sends a line of 1 GB: is ended at 8 MiB, and the daemon stays small', async () => {
    const { home, daemon, bad, good } = await meet();
    const { pid } = (await bad.call('who')) as { pid: number };
    const before = memoryOf(daemon.state.pid).peak;
    const flood = bad.tryCall('long-line', { mebibytes: GIB_IN_MIB });
    const slowestMs = await callUntil(flood, good);
    expect((await flood).error).toMatchObject({ message: 'the server bad ended during the call' });
    expect(slowestMs).toBeLessThan(SLOW_MS);
    expect(memoryOf(daemon.state.pid).peak - before).toBeLessThan(150);
    expect(isAlive(pid)).toBe(false);
    expect((await reportOf(home, 'bad')).lastError).toBe('sent a line of more than 8 MiB');
    expect(await bad.call('echo', { a: 2 })).toEqual({ a: 2 });
  });

  it('babbles on stdout: only what is no message is lost, and counted', async () => {
    const { home, bad } = await meet();
    expect(await bad.call('babble')).toBe('babbled');
    expect(await bad.call('echo', { a: 1 })).toEqual({ a: 1 });
    await bad.tryCall('exit', { status: 0 });
    expect(readFileSync(home.paths.daemonLog, 'utf8')).toMatch(
      /"event":"upstream\.noise","upstream":"bad","count":6}/,
    );
  });

  it('sends 100,000 notifications at once: most are dropped, its answer is not', async () => {
    const { daemon, bad, good } = await meet();
    const before = memoryOf(daemon.state.pid).peak;
    const message = {
      jsonrpc: '2.0',
      id: 7,
      method: 'tools/call',
      params: { name: 'flood', arguments: { count: NOTIFICATIONS } },
    };
    const asked = performance.now();
    const answer = bad.post(message).then((response) => response.text());
    const slowestMs = await callUntil(answer, good);
    const seconds = Math.ceil((performance.now() - asked) / 1_000);
    const events = (await answer).split('\n\n').filter((event) => event.includes('data: {'));
    expect(events.at(-1)).toContain('flooded');
    const passed = events.length - 1;
    expect(passed).toBeGreaterThan(0);
    expect(passed).toBeLessThanOrEqual((seconds + 1) * PASSED_PER_SECOND);
    expect(slowestMs).toBeLessThan(SLOW_MS);
    expect(memoryOf(daemon.state.pid).peak - before).toBeLessThan(150);
  });

  it('answers under ids of others, and twice under its own: each call gets its own answer, once', async () => {
    const { bad, good } = await meet();
    const slow = good.call('sleep', { ms: 300 });
    expect(await bad.call('forge')).toBe('its own');
    expect(await bad.call('echo', { a: 1 })).toEqual({ a: 1 });
    expect(await bad.request('ping')).toMatchObject({ result: {} });
    expect(await slow).toBe('slept');
  });

  it('asks for sampling while no call is open: neither of its clients is asked, and it is told so', async () => {
    const { home, at } = await startServers({ bad: lifeServer() });
    const people = [
      await openSession(at('bad'), { sampling: {} }),
      await openSession(at('bad'), { sampling: {} }),
    ];
    const streams = [];
    for (const person of people) {
      streams.push(readEvents(await person.listen()));
      await person.request('resources/subscribe', { uri: 'test://one' });
    }
    await people[0]?.call('ask-later', { ms: 0, prompt: 'whose secret?' });
    const { outcome } = await waitFor('the server to be told', async () => {
      const { entries } = await askControl(home, 'traffic', { server: 'bad', after: -1, bodies: false });
      return entries.find(({ direction, kind }) => direction === 'to-server' && kind === 'response');
    });
    expect(outcome).toBe('error -32601');
    await people[0]?.call('touch', { uri: 'test://one' });
    for (const stream of streams) {
      expect(await stream.message()).toMatchObject({ method: 'notifications/resources/updated' });
    }
    expect(await reportOf(home, 'bad')).toMatchObject({ restarts: 0 });
  });

  it('has hostile tool names and writes to terminals: such tools are left out, status and logs are clean', async () => {
    const { home, at, bad } = await meet('hostile-names');
    const { result } = await bad.request('tools/list');
    expect(toolNames({ result: result ?? {} })).toHaveLength(FIXTURE_TOOLS);
    expect(toolNames(await requestStateless(at('bad'), 'tools/list'))).toHaveLength(FIXTURE_TOOLS);
    await bad.tryCall('a\u001b[2Jb\u202e\r\nforged');
    await bad.call('complain', { line: '\u001b]0;title\u0007\u001b[2J\u202e{"event":"forged"}\r' });
    await bad.tryCall('exit', { status: 1 });
    await readUpstream(home, 'bad');
    for (const command of [
      ['status'],
      ['logs'],
      ['logs', '--server', 'bad'],
      ['logs', '--server', 'bad', '--bodies'],
      ['upstream', 'list'],
    ]) {
      const { stdout, stderr, status } = await runProgram(home, command);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(stdout).not.toBe('');
      expect(stdout, command.join(' ')).not.toMatch(UNSAFE);
      expect(stdout).not.toMatch(/^.?forged/m);
    }
  });
});

describe.each(ENGINES)('R54: 10,000 tools on %s', (engine) => {
  it('pass whole, to clients of both eras, and fast', async () => {
    const servers = { many: lifeServer('many-tools', String(TOOLS)) };
    const { at } = await startServers(servers, { CLAUDE_SECURE_ENGINE: engine });
    const session = await openSession(at('many'));
    const times: number[] = [];
    async function timed(list: () => Promise<Answer>): Promise<void> {
      const asked = performance.now();
      const names = toolNames(await list());
      times.push(Math.round(performance.now() - asked));
      expect(names).toHaveLength(TOOLS + FIXTURE_TOOLS);
      expect(names.at(-1)).toBe(`tool-${TOOLS - 1}`);
    }
    for (let round = 0; round < 2; round++) {
      await timed(() => session.request('tools/list'));
      await timed(() => requestStateless(at('many'), 'tools/list'));
    }
    for (const time of times) expect(time).toBeLessThan(5_000);
  });
});
