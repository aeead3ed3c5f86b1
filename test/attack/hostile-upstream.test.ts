import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { reportOf } from '../support/control.ts';
import type { Home } from '../support/home.ts';
import { ENGINES } from '../support/listen.ts';
import { openSession } from '../support/mcp-session.ts';
import { requestStateless } from '../support/stateless-request.ts';
import { startServers, toldServer } from '../support/upstreams.ts';
import { waitFor } from '../support/wait-for.ts';

interface Line {
  readonly what: string;
  readonly line: string;
  /** True for a line that is no message. */
  readonly noise?: boolean;
}

// Not imported: Vite refuses half a surrogate pair in JSON.
const corpus = new URL('../corpus/hostile-upstream.json', import.meta.url);
const { lines } = JSON.parse(readFileSync(corpus, 'utf8')) as { lines: readonly Line[] };

/** What the daemon's log counts of that event, once it has. */
function countOf({ paths }: Home, event: string): number | undefined {
  const found = readFileSync(paths.daemonLog, 'utf8')
    .split('\n')
    .find((line) => line.includes(`"event":"${event}"`));
  return found && JSON.parse(found).count;
}

describe.each(ENGINES)('R54: a server that says anything at all, on %s', (engine) => {
  const start = () =>
    startServers({ bad: toldServer(), good: toldServer() }, { CLAUDE_SECURE_ENGINE: engine });

  it('R54: what is no message, or nobody’s, is dropped and counted, and each call gets its own answer once', async () => {
    const { home, at } = await start();
    const session = await openSession(at('bad'));
    const good = await openSession(at('good'));
    for (const { what, line } of lines) {
      const said = { content: [{ type: 'text', text: 'said' }] };
      const args = { lines: [line, line] };
      expect([what, (await session.tryCall('say', args)).result]).toEqual([what, said]);
      const params = { name: 'say', arguments: args };
      expect([what, (await requestStateless(at('bad'), 'tools/call', params)).result]).toMatchObject([
        what,
        said,
      ]);
    }
    expect((await session.request('ping')).result).toEqual({});
    expect((await good.tryCall('tell', { text: 'x' })).result).toBeDefined();
    expect(await reportOf(home, 'bad')).toMatchObject({
      state: 'running',
      restarts: 0,
    });
    const { pid } = (await reportOf(home, 'bad')).processes[0] ?? {};
    process.kill(pid ?? 0, 'SIGKILL');
    const noise = lines.filter((each) => each.noise).length * 4;
    expect(await waitFor('the count', () => countOf(home, 'upstream.noise'))).toBe(noise);
  });

  it('R54: 100,000 pings at once are answered up to the limit, counted beyond it, and disturb nobody', async () => {
    const { home, at } = await start();
    const session = await openSession(at('bad'));
    const good = await openSession(at('good'));
    const ping = '{"jsonrpc":"2.0","id":"p","method":"ping"}';
    const flood = session.tryCall('say', { lines: [ping], times: 100_000 });
    let isDone = false;
    void flood.finally(() => {
      isDone = true;
    });
    while (!isDone) expect((await good.tryCall('tell', { text: 'x' })).result).toBeDefined();
    expect((await flood).result).toEqual({ content: [{ type: 'text', text: 'said' }] });
    const { pid } = (await reportOf(home, 'bad')).processes[0] ?? {};
    process.kill(pid ?? 0, 'SIGKILL');
    const dropped = await waitFor('the count', () => countOf(home, 'upstream.flood.dropped'));
    expect(dropped).toBeGreaterThan(0);
    expect(dropped).toBeLessThanOrEqual(95_000);
  });
});
