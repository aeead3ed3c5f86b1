import { describe, expect, it } from 'vitest';
import { initialize, post } from '../mcp/client.ts';
import { trustedFetch } from '../mcp/trusted-fetch.ts';
import { ENGINES } from '../support/listen.ts';
import { connectPerson } from '../support/mcp-person.ts';
import { openSession } from '../support/mcp-session.ts';
import { lifeServer, startServers } from '../support/upstreams.ts';

const METADATA = '/.well-known/oauth-protected-resource';

describe.each(ENGINES)('the protected resource of an upstream, on %s', (engine) => {
  it('is the one of /mcp: its metadata stands at every path, and one token opens all of them', async () => {
    const servers = { one: lifeServer(), two: lifeServer(), off: { ...lifeServer(), enabled: false } };
    const { daemon, at, token } = await startServers(servers, { CLAUDE_SECURE_ENGINE: engine });
    const get = (path: string, headers: Record<string, string> = {}) =>
      trustedFetch(`${daemon.url}${path}`, { headers });

    const expected = await (await get(`${METADATA}/mcp`)).json();
    expect(expected).toMatchObject({ resource: `${daemon.url}/mcp`, authorization_servers: [daemon.url] });
    for (const path of ['/mcp/one', '/mcp/one/sse', '/mcp/two', '/mcp/two/sse']) {
      const metadata = await get(`${METADATA}${path}`);
      expect({ path, status: metadata.status }).toEqual({ path, status: 200 });
      expect(await metadata.json()).toEqual(expected);
    }
    const unknown = [
      '/mcp/off',
      '/mcp/off/sse',
      '/mcp/none',
      '/mcp/none/sse',
      '/mcp/constructor',
      '/mcp/one/none',
      '/mcp/One',
      '/mcp/one/',
    ];
    for (const path of unknown) {
      expect({ path, status: (await get(`${METADATA}${path}`)).status }).toEqual({ path, status: 404 });
      const posted = await post(`${daemon.url}${path}`, { token }, initialize());
      expect({ path, status: posted.status }).toEqual({ path, status: 404 });
    }

    for (const path of ['/mcp/one', '/mcp/two']) {
      const refused = await post(`${daemon.url}${path}`, { token: '' }, initialize());
      expect(refused.status).toBe(401);
      expect(refused.headers.get('www-authenticate')).toContain(
        `resource_metadata="${daemon.url}${METADATA}/mcp`,
      );
      expect((await get(`${path}/sse`, { accept: 'text/event-stream' })).status).toBe(401);
      expect((await post(`${daemon.url}${path}`, { token: 'wrong' }, initialize())).status).toBe(401);
    }
    for (const name of ['one', 'two']) {
      expect(await (await openSession(at(name))).call('echo', { a: 1 })).toEqual({ a: 1 });
    }
    const ada = await connectPerson('ada', { url: `${daemon.url}/mcp/two/sse`, token }, 'sse');
    expect(await ada.call('echo', { a: 2 })).toBe('{"a":2}');
    expect(await openSession({ url: `${daemon.url}/mcp`, token })).toBeDefined();
  });
});
