import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { call } from '../mcp/client.ts';
import { type EventReader, readEvents } from '../mcp/event-reader.ts';
import { askControl, mintFor } from '../support/control.ts';
import { ENGINES } from '../support/listen.ts';
import { type McpSession, openSession } from '../support/mcp-session.ts';
import { type Daemon, startDaemon } from '../support/program.ts';
import { type ServedUpstreams, startServers, toldServer } from '../support/upstreams.ts';

const GRANTS = 2;
const RUNS = 4;
const MAX_STEPS = 25;
/** On the stream of a call of `tell`. */
const EVENTS = 4;

/** What a session should be. */
interface Expected {
  readonly grant: number;
  isOpen: boolean;
  /** Events that were seen, and how many came behind each on its stream. */
  readonly events: { readonly id: string; readonly behind: number }[];
}

interface Model {
  readonly sessions: Expected[];
}

interface Real {
  readonly served: ServedUpstreams;
  daemon: Daemon;
  tokens: string[];
  readonly sessions: McpSession[];
  readonly streams: EventReader[];
}

type Step = fc.AsyncCommand<Model, Real>;
type Ask = (session: McpSession, expected: Expected, isOwn: boolean, real: Real) => Promise<void>;

const step = (name: string, run: Step['run'], check: Step['check'] = () => true): Step => ({
  check,
  run,
  toString: () => name,
});

const grants = fc.nat(GRANTS - 1);

/** A request about a session at the hands of a grant: its own, or another. */
const asking = (name: string, ask: Ask): fc.Arbitrary<Step> =>
  fc.tuple(fc.nat(7), grants).map(([which, grant]) =>
    step(
      `${name}(${which}, ${grant})`,
      (model, real) => {
        const index = which % model.sessions.length;
        const expected = model.sessions[index] as Expected;
        const session = (real.sessions[index] as McpSession).as(real.tokens[grant] ?? '');
        return ask(session, expected, expected.isOpen && expected.grant === grant, real);
      },
      ({ sessions }) => sessions.length > 0,
    ),
  );

const initialize = grants.map((grant) =>
  step(`initialize(${grant})`, async (model, { served, tokens, sessions }) => {
    sessions.push(await openSession(served.at('told', tokens[grant])));
    model.sessions.push({ grant, isOpen: true, events: [] });
  }),
);

const post = asking('post', async (session, expected, isOwn) => {
  const response = await session.post(call(1, 'tell', { text: 'x' }, { _meta: { progressToken: 1 } }));
  expect(response.status).toBe(isOwn ? 200 : 404);
  const events = readEvents(response);
  const ids: string[] = [];
  if (isOwn)
    for (let event = await events.next(); event; event = await events.next()) ids.push(event.id ?? '');
  expect(ids.length).toBe(isOwn ? EVENTS : 0);
  for (const [index, id] of ids.entries()) expected.events.push({ id, behind: EVENTS - 1 - index });
});

const listen = asking('listen', async (session, _expected, isOwn, { streams }) => {
  const response = await session.listen();
  expect(response.status).toBe(isOwn ? 200 : 404);
  if (isOwn) streams.push(readEvents(response));
});

const resume = asking('resume', async (session, { events }, isOwn) => {
  const known = events.at(-1 - (events.length % 3)) ?? events[0];
  const response = await session.listen(known?.id ?? '99-99');
  const isThere = known !== undefined && known.behind > 0;
  expect(response.status).toBe(isOwn ? (isThere ? 200 : 400) : 404);
  if (response.status !== 200) return;
  const reader = readEvents(response);
  let count = 0;
  while (await reader.next()) count++;
  expect(count).toBe(known?.behind);
});

const remove = asking('delete', async (session, expected, isOwn) => {
  expect(await session.delete()).toBe(isOwn ? 204 : 404);
  if (isOwn) expected.isOpen = false;
});

async function readToTheirEnds({ streams }: Real): Promise<void> {
  for (const stream of streams.splice(0)) while (await stream.next());
}

const mintAll = ({ home }: ServedUpstreams): Promise<string[]> =>
  Promise.all(Array.from({ length: GRANTS }, (_, grant) => mintFor(home, `/workspace/${grant}`)));

const revoke = step('revoke()', async (model, real) => {
  await askControl(real.served.home, 'revoke', { clientId: 'launcher' });
  for (const [index, expected] of model.sessions.entries()) {
    expected.isOpen = false;
    const late = (real.sessions[index] as McpSession).as(real.tokens[expected.grant] ?? '');
    expect((await late.post({ jsonrpc: '2.0', id: 1, method: 'ping' })).status).toBe(401);
  }
  await readToTheirEnds(real);
  real.tokens = await mintAll(real.served);
});

const restart = step('restart()', async (_model, real) => {
  real.daemon.running.kill('SIGTERM');
  await real.daemon.running.ended;
  await readToTheirEnds(real);
  real.daemon = await startDaemon(real.served.home);
});

const STEPS = [
  initialize,
  post,
  post,
  listen,
  resume,
  resume,
  remove,
  fc.constant(revoke),
  fc.constant(restart),
];
const steps = fc.commands(STEPS, { maxCommands: MAX_STEPS, size: 'max' });

describe.each(ENGINES)('R48: sessions as a state machine on %s', (engine) => {
  it('R48: whatever is done to them in whatever order, each is its grant’s alone, survives a restart, and ends once', async () => {
    const served = await startServers({ told: toldServer() }, { CLAUDE_SECURE_ENGINE: engine });
    const real: Real = { served, daemon: served.daemon, tokens: [], sessions: [], streams: [] };
    onTestFinished(() => void Promise.all(real.streams.map((stream) => stream.cancel())));
    await fc.assert(
      fc.asyncProperty(steps, async (commands) => {
        await askControl(served.home, 'revoke', { clientId: 'launcher' });
        real.tokens = await mintAll(served);
        real.sessions.length = 0;
        real.streams.length = 0;
        await fc.asyncModelRun(() => ({ model: { sessions: [] }, real }), commands);
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
  });
});
