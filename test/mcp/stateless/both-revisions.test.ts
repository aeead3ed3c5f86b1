import { describe, expect, it, onTestFinished } from 'vitest';
import {
  Client,
  StreamableHTTPClientTransport,
} from '../../clients/node_modules/@modelcontextprotocol/client/dist/index.mjs';
import { ENGINES } from '../../support/listen.ts';
import { connectPerson, type Person } from '../../support/mcp-person.ts';
import { waitFor } from '../../support/wait-for.ts';
import type { Asked } from '../scripted-upstream.ts';
import { trustedFetch } from '../trusted-fetch.ts';
import { ELICIT, ROOTS, SAMPLE } from './asking-server.ts';
import { type Modern, startModern } from './modern.ts';

const DESCRIBED = {
  capabilities: { tools: { listChanged: true }, resources: { subscribe: true }, logging: {} },
  instructions: 'Mind the gap.',
};
const CALLS = 20;
const tool = (name: string) => ({ name, inputSchema: { type: 'object', properties: {} } });

/** Names who called, asks for names, thoughts and roots, and says how far it is. */
async function answer({ request: { method, params }, caller, ask, deliver, result }: Asked): Promise<void> {
  const { name, _meta, uri } = (params ?? {}) as {
    name?: string;
    uri?: string;
    _meta?: { progressToken?: unknown };
  };
  if (method === 'tools/list') return result({ tools: [tool('who'), tool('ask'), tool('step')] });
  if (method === 'resources/read') return result({ contents: [{ uri, text: 'x' }] });
  if (method !== 'tools/call') return result({});
  const say = (text: string) => result({ content: [{ type: 'text', text }] });
  if (name === 'who') return say(caller?.grantId ?? '');
  if (name === 'step') {
    for (const progress of [1, 2]) {
      const told = { progressToken: _meta?.progressToken, progress };
      deliver({ jsonrpc: '2.0', method: 'notifications/progress', params: told } as never);
    }
    return say('done');
  }
  const answers: unknown[] = [];
  for (const question of [ELICIT, SAMPLE, ROOTS]) {
    const response = await ask(question);
    answers.push('result' in response ? response.result : response.error);
  }
  say(JSON.stringify(answers));
}

/** Somebody at the official client of 2026-07-28. */
async function connectModern(name: string, { url, served }: Modern, mode: 'auto' | { pin: string } = 'auto') {
  const capabilities = { elicitation: {}, sampling: {}, roots: {} };
  const client = new Client({ name, version: '1' }, { capabilities, versionNegotiation: { mode } });
  client.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: { name } }));
  client.setRequestHandler('sampling/createMessage', () => ({
    role: 'assistant',
    model: name,
    content: { type: 'text', text: `${name} thinks` },
  }));
  client.setRequestHandler('roots/list', () => ({ roots: [{ uri: `file:///${name}`, name }] }));
  const requestInit = { headers: { authorization: `Bearer ${served.token(name)}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { fetch: trustedFetch, requestInit }));
  onTestFinished(() => client.close());
  return {
    client,
    async call(called: string, onprogress?: (step: { progress: number }) => void): Promise<string> {
      const { content } = await client.callTool({ name: called }, onprogress && { onprogress });
      return (content as { text: string }[])[0]!.text;
    },
  };
}

describe.each(ENGINES)('on the engine %s', (engine) => {
  const start = () => startModern(engine, (asked) => void answer(asked), { described: DESCRIBED });
  const expectOwnAnswers = (name: string, text: string): void => {
    const [elicited, sampled, listed] = JSON.parse(text);
    expect([elicited.content.name, sampled.model, listed.roots]).toEqual([
      name,
      name,
      [{ uri: `file:///${name}`, name }],
    ]);
  };

  it('the official client finds this revision by itself, and what it offers', async () => {
    const modern = await start();
    const { client } = await connectModern('ada', modern);
    expect(client.getNegotiatedProtocolVersion()).toBe('2026-07-28');
    expect(client.getServerVersion()).toEqual({ name: 'scripted', version: '1' });
    expect(client.getServerCapabilities()).toEqual(DESCRIBED.capabilities);
    expect(client.getInstructions()).toBe(DESCRIBED.instructions);
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['who', 'ask', 'step']);
    expect((await client.readResource({ uri: 'test://日本' })).contents).toEqual([
      { uri: 'test://日本', text: 'x' },
    ]);
    expect(modern.served.mcp.sessions()).toBe(0);
  });

  it('one endpoint serves both revisions at once: everybody gets their own answers, progress and questions', async () => {
    const modern = await start();
    const { served, url } = modern;
    const connectOld = (name: string): Promise<Person> =>
      connectPerson(name, { url, token: served.token(name) });
    const old = [await connectOld('olga'), await connectOld('otto')];
    const people = await Promise.all(
      ['mia', 'max'].map(async (name) => ({
        name,
        ...(await connectModern(name, modern, { pin: '2026-07-28' })),
      })),
    );
    const everybody = [...old, ...people];
    await Promise.all(
      everybody.map(async ({ name, call }) => {
        for (let count = 0; count < CALLS; count++) expect(await call('who')).toBe(name);
      }),
    );
    await Promise.all(everybody.map(async ({ name, call }) => expectOwnAnswers(name, await call('ask'))));
    const steps: number[] = [];
    await Promise.all([
      people[0]!.call('step', ({ progress }) => void steps.push(progress)),
      people[1]!.call('who'),
      old[0]!.call('who'),
    ]);
    expect(steps).toEqual([1, 2]);
    expect(served.mcp.sessions()).toBe(2);
  });

  it('a changed list and an updated resource reach the listener and the session', async () => {
    const modern = await start();
    const { served, url, upstream, sent } = modern;
    const old = await connectPerson('olga', { url, token: served.token('olga') });
    await old.client.subscribeResource({ uri: 'test://a' });
    const { client } = await connectModern('mia', modern);
    const seen: string[] = [];
    client.setNotificationHandler('notifications/tools/list_changed', () => void seen.push('tools'));
    client.setNotificationHandler(
      'notifications/resources/updated',
      ({ params }) => void seen.push(params.uri),
    );
    const subscription = await client.listen({ toolsListChanged: true, resourceSubscriptions: ['test://a'] });
    upstream.say({ jsonrpc: '2.0', method: 'notifications/resources/updated', params: { uri: 'test://a' } });
    upstream.say({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' });
    await waitFor('both changes', () => seen.length === 2);
    expect([seen, old.updated]).toEqual([['test://a', 'tools'], ['test://a']]);
    await subscription.close();
    expect(sent('resources/unsubscribe')).toEqual([]);
  });
});
