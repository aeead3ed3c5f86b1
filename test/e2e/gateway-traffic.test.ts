import { describe, expect, it } from 'vitest';
import { askControl } from '../support/control.ts';
import type { Home } from '../support/home.ts';
import { openSession } from '../support/mcp-session.ts';
import { runProgram } from '../support/program.ts';
import { lifeServer, startServers } from '../support/upstreams.ts';

const KEPT = 500;

const read = (home: Home, after: number) =>
  askControl(home, 'traffic', { server: 'one', after, bodies: false });

describe('the traffic of a server', () => {
  it('is a line for each message: direction, method, tool, milliseconds, bytes, outcome, and no body', async () => {
    const { home, at } = await startServers({ one: lifeServer(), two: lifeServer() });
    const [one, two] = [await openSession(at('one')), await openSession(at('two'))];
    await one.call('echo', { secret: 'said-to-echo' });
    await one.tryCall('nothing-of-the-kind');
    await one.request('no/such/method');
    await one.call('sleep', { ms: 60 });
    await two.call('echo', {});

    const { known, entries, last } = await askControl(home, 'traffic', {
      server: 'one',
      after: -1,
      bodies: false,
    });
    expect(known).toBe(true);
    expect(last).toBe(entries.at(-1)?.sequence);
    const seen = entries.map(({ direction, kind, method, target, outcome }) => [
      direction,
      kind,
      method,
      target,
      outcome,
    ]);
    const call = (tool: string) => ['to-server', 'request', 'tools/call', tool, undefined];
    const answer = (tool: string, outcome: string) => ['to-client', 'response', 'tools/call', tool, outcome];
    expect(seen).toEqual([
      call('echo'),
      answer('echo', 'ok'),
      call('nothing-of-the-kind'),
      answer('nothing-of-the-kind', 'tool error'),
      ['to-server', 'request', 'no/such/method', undefined, undefined],
      ['to-client', 'response', 'no/such/method', undefined, 'error -32601'],
      call('sleep'),
      answer('sleep', 'ok'),
    ]);
    for (const { bytes, kind, ms, body, time } of entries) {
      expect(bytes).toBeGreaterThan(30);
      expect(ms === undefined).toBe(kind !== 'response');
      expect(body).toBeUndefined();
      expect(Math.abs(Date.parse(time) - Date.now())).toBeLessThan(60_000);
    }
    expect(entries.at(-1)?.ms).toBeGreaterThanOrEqual(59);
    const printed = await runProgram(home, ['logs', '--server', 'one']);
    expect(printed.stdout.split('\n')).toHaveLength(entries.length + 1);
    expect(printed.stdout).toMatch(/<- {2}response tools\/call {2}echo {2}[\d.]+ ms {2}\d+ B {2}ok/);
    expect(printed.stdout).not.toContain('said-to-echo');
    expect(await askControl(home, 'traffic', { server: 'none', after: -1, bodies: false })).toMatchObject({
      known: false,
    });
  });

  it('comes as soon as there is some, with bodies only once somebody has asked for them', async () => {
    const { home, at } = await startServers({ one: lifeServer() });
    const session = await openSession(at('one'));
    await session.call('echo', { secret: 'before' });
    const { last } = await askControl(home, 'traffic', { server: 'one', after: -1, bodies: false });
    const following = askControl(home, 'traffic', { server: 'one', after: last, bodies: true });
    let isAnswered = false;
    void following.finally(() => {
      isAnswered = true;
    });
    await askControl(home, 'status', {});
    expect(isAnswered, 'it waits').toBe(false);
    const asked = performance.now();
    await session.call('echo', { secret: 'after' });
    const { entries } = await following;
    expect(performance.now() - asked).toBeLessThan(2_000);
    expect(entries[0]?.body).toContain('after');
    const all = await askControl(home, 'traffic', { server: 'one', after: -1, bodies: true });
    expect(JSON.stringify(all)).not.toContain('before');
  });

  it('is followed from the first message on, and bounded: only the last ones are kept', async () => {
    const { home, at } = await startServers({ one: lifeServer() });
    const session = await openSession(at('one'));
    const nothing = await read(home, -1);
    expect(nothing.entries).toEqual([]);
    await session.call('echo', {});
    expect((await read(home, nothing.last)).entries).toHaveLength(2);
    for (let count = 0; count < KEPT; count += 25) {
      await Promise.all(Array.from({ length: 25 }, () => session.call('echo', {})));
    }
    const sequences: number[] = [];
    for (let page = await read(home, -1); ; page = await read(home, page.last)) {
      sequences.push(...page.entries.map(({ sequence }) => sequence));
      if (!page.more) break;
    }
    const first = sequences[0] ?? 0;
    expect(first).toBeGreaterThan(KEPT);
    expect(sequences).toEqual(Array.from({ length: KEPT }, (_, index) => first + index));
  });
});
