import { CallToolResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { describe, expect, it } from 'vitest';
import { connectPerson, type Person, together } from '../support/mcp-person.ts';
import { startGateway } from '../support/upstreams.ts';
import { waitFor } from '../support/wait-for.ts';

const TOOLS = 19;
const LONG = 'trigger-long-running-operation';
const textUri = (id: number): string => `demo://resource/dynamic/text/${id}`;

async function meet(
  sharing: 'shared' | 'per-session',
  transport: 'http' | 'sse' = 'http',
): Promise<[Person, Person]> {
  const { url, token } = await startGateway('everything', sharing);
  const endpoint = { url: transport === 'sse' ? `${url}/sse` : url, token };
  return [await connectPerson('ada', endpoint, transport), await connectPerson('bob', endpoint, transport)];
}

/** Four steps, under a token that everybody uses. */
async function takeSteps({ client }: Person, seconds: number): Promise<void> {
  const args = { duration: seconds, steps: 4 };
  const params = { name: LONG, arguments: args, _meta: { progressToken: 'same' } };
  const { content } = await client.callTool(params);
  expect(content).toMatchObject([{ text: expect.stringContaining('completed') }]);
}

/** Each asks for an answer of their own; a process is told apart from then on (R53). */
async function sample(person: Person): Promise<void> {
  const { name } = person;
  expect(await person.call('trigger-sampling-request', { prompt: `${name} asks` })).toContain(
    `${name} thinks`,
  );
  expect(person.asked.at(-1)).toContain(`${name} asks`);
}

async function expectSurface({ name, client, call }: Person): Promise<void> {
  expect(client.getServerVersion()).toMatchObject({ name: 'mcp-servers/everything' });
  expect(client.getInstructions()).toBeTruthy();
  expect((await client.listTools()).tools).toHaveLength(TOOLS);
  expect(await call('echo', { message: name })).toBe(`Echo: ${name}`);
  const weather = { name: 'get-structured-content', arguments: { location: 'Chicago' } };
  expect(await client.callTool(weather)).toMatchObject({ structuredContent: { temperature: 36 } });
  const nowhere = { ...weather, arguments: { location: 'Nowhere' } };
  expect(await client.callTool(nowhere)).toMatchObject({ isError: true });
  await expect(client.readResource({ uri: 'demo://nowhere' })).rejects.toMatchObject({ code: -32_602 });
  expect((await client.readResource({ uri: textUri(7) })).contents).toMatchObject([{ uri: textUri(7) }]);
  expect((await client.listResourceTemplates()).resourceTemplates).toHaveLength(2);
  expect((await client.listPrompts()).prompts).toHaveLength(4);
  const prompt = await client.getPrompt({ name: 'args-prompt', arguments: { city: name } });
  expect(JSON.stringify(prompt.messages)).toContain(`weather in ${name}`);
  const ref = { type: 'ref/prompt' as const, name: 'completable-prompt' };
  const context = { arguments: { department: 'Sales' } };
  const { completion } = await client.complete({ ref, argument: { name: 'name', value: 'E' }, context });
  expect(completion.values).toEqual(['Eve']);
  expect(await client.ping()).toEqual({});
}

describe.each(['shared', 'per-session'] as const)(
  'server-everything behind the gateway, %s, two clients at once',
  (sharing) => {
    it('lists, calls, structured results, errors, resources, prompts, completion and ping cross', async () => {
      await together(await meet(sharing), expectSurface);
    });

    it('R53: all of the progress comes in order, to the client of the call', async () => {
      const people = await meet(sharing);
      await together(people, (person) => takeSteps(person, 0.4));
      for (const { steps } of people) expect(steps).toEqual([1, 2, 3, 4]);
    });

    it('R53: sampling and elicitation, form and URL, reach the client that caused them', async () => {
      const people = await meet(sharing);
      // Until it has asked for the first time, a shared process' calls run side by side.
      for (const person of people) await sample(person);
      await together(people, sample);
      await together(people, async ({ name, call, asked }) => {
        expect(await call('trigger-elicitation-request')).toContain(`Name: ${name}`);
        const url = `https://example.org/${name}`;
        expect(await call('trigger-url-elicitation', { url })).toContain('completed the URL elicitation');
        expect(asked.filter((question) => question.startsWith('https:'))).toEqual([url]);
      });
    });

    it('R53: an error that demands a URL keeps its code and its data', async () => {
      await together(await meet(sharing), async ({ name, client }) => {
        const args = { url: `https://example.org/${name}`, errorPath: true };
        const answer = client.callTool({ name: 'trigger-url-elicitation', arguments: args });
        await expect(answer).rejects.toMatchObject({
          code: -32_042,
          data: { elicitations: [{ mode: 'url' }] },
        });
      });
    });

    it('R53: updates reach who subscribed, log messages who caused them and wants that level', async () => {
      const [ada, bob] = await meet(sharing);
      await ada.client.setLoggingLevel('debug');
      await bob.client.setLoggingLevel('error');
      await ada.client.subscribeResource({ uri: textUri(1) });
      await waitFor('a log message', () => ada.logs.some((line) => line.includes(textUri(1))));
      await bob.client.subscribeResource({ uri: textUri(2) });
      await bob.client.setLoggingLevel('info');
      for (const { client } of [ada, bob]) await client.subscribeResource({ uri: textUri(3) });
      await ada.client.unsubscribeResource({ uri: textUri(3) });
      await ada.call('toggle-subscriber-updates');
      // A shared process has one switch, and it is on now.
      if (sharing === 'per-session') await bob.call('toggle-subscriber-updates');
      await waitFor('an update', () => ada.updated.length > 0 && bob.updated.length > 1);
      expect(new Set(ada.updated)).toEqual(new Set([textUri(1)]));
      expect(new Set(bob.updated)).toEqual(new Set([textUri(2), textUri(3)]));
      expect(bob.logs.filter((line) => line.includes(textUri(1)) || line.includes(textUri(2)))).toEqual([]);
      expect(ada.logs.filter((line) => line.includes(textUri(2)))).toEqual([]);
    });

    it('R53: a task runs, asks who started it, and gives its result to them', async () => {
      await together(await meet(sharing), async ({ name, client, asked }) => {
        await client.listTools();
        const params = { name: 'simulate-research-query', arguments: { topic: name, ambiguous: true } };
        const stages: string[] = [];
        for await (const message of client.experimental.tasks.callToolStream(params, CallToolResultSchema)) {
          stages.push(message.type);
          if (message.type === 'error') throw message.error;
          if (message.type !== 'result') continue;
          expect(JSON.stringify(message.result.content)).toContain(`Research Report: ${name} (technical)`);
        }
        expect(stages.at(0)).toBe('taskCreated');
        expect(stages.at(-1)).toBe('result');
        expect(asked).toEqual([expect.stringContaining(`"${name}"`)]);
      });
    });

    it('an answer that was cut off goes on after Last-Event-ID, nothing lost and nothing twice', async () => {
      const people = await meet(sharing);
      await together(people, async (person) => {
        const finished = takeSteps(person, 2);
        await waitFor('the first step', () => person.steps.length > 0);
        person.cut();
        await finished;
      });
      for (const { steps } of people) expect(steps).toEqual([1, 2, 3, 4]);
    });

    it('the basics cross over HTTP+SSE of 2024-11-05 too', async () => {
      const people = await meet(sharing, 'sse');
      await together(people, expectSurface);
      for (const person of people) await sample(person);
      await together(people, sample);
      await together(people, (person) => takeSteps(person, 0.4));
      for (const { steps } of people) expect(steps).toEqual([1, 2, 3, 4]);
    });
  },
);

const FILE = { data: 'data:text/plain,hello', name: 'hello.gz' };
const hasFile = async ({ client }: Person): Promise<boolean> =>
  (await client.listResources()).resources.some(({ name }) => name === FILE.name);

describe('what a process of server-everything keeps for itself', () => {
  it('shared: a session resource is there for both, and both hear list_changed; roots are the first client’s', async () => {
    const people = await meet('shared');
    await people[0].call('gzip-file-as-resource', FILE);
    await waitFor('list_changed', () => people.every(({ resourceChanges }) => resourceChanges() > 0));
    expect(await together(people, hasFile)).toEqual([true, true]);
    // Its first question of all comes of one call: of two at once neither could be told to be the one.
    await people[0].call('get-roots-list');
    const roots = await together(people, ({ call }) => call('get-roots-list'));
    expect(roots[0]).toMatch(/file:\/\/\/(ada|bob)/);
    expect(roots[1]).toBe(roots[0]);
  });

  it('per-session: R53: a session resource, its list_changed and the roots are those of one client alone', async () => {
    const people = await meet('per-session');
    await people[0].call('gzip-file-as-resource', FILE);
    await waitFor('list_changed', () => people[0].resourceChanges() > 0);
    expect(await together(people, hasFile)).toEqual([true, false]);
    await together(people, async ({ name, call }) => {
      expect(await call('get-roots-list')).toContain(`file:///${name}`);
    });
    expect(people[1].resourceChanges()).toBe(0);
  });
});
