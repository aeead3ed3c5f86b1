import { expect, it, onTestFinished } from 'vitest';
import type { Caller } from '../../src/caller.ts';
import { limits } from '../../src/limits.ts';
import type { Client } from '../../src/mcp/client.ts';
import { createEndpoints } from '../../src/mcp/endpoints.ts';
import type { GatewayEndpoint } from '../../src/mcp/gateway.ts';
import type { Relay } from '../../src/mcp/relay/relay.ts';
import type { UpstreamDefinition } from '../../src/upstreams.ts';
import { waitFor } from '../support/wait-for.ts';
import { createScriptedPeer, INITIALIZED, type ScriptedPeer } from './relay/scripted-peer.ts';
import { callerOf } from './relay/start-relay.ts';

const silent = (): void => undefined;

function startEndpoints(nowMs = () => performance.now()) {
  const started: { definition: UpstreamDefinition; workspace: string | undefined; peer: ScriptedPeer }[] = [];
  const mounted: string[] = [];
  const forgotten: string[] = [];
  let sequence = 0;
  const endpoints = createEndpoints({
    log: { error: silent, info: silent, debug: silent, close: silent },
    catalogs: {
      get: () => undefined,
      save: silent,
      remove: (...place) => void forgotten.push(place.join(' ')),
    },
    nextSequence: () => sequence++,
    nowMs,
    startUpstream(definition, workspace) {
      const peer = createScriptedPeer();
      started.push({ definition, workspace, peer });
      return { name: definition.name, connect: peer.connect };
    },
    onAdded: ({ name }) => void mounted.push(`+${name}`),
    onRemoved: ({ name }) => void mounted.push(`-${name}`),
  });
  onTestFinished(() => endpoints.close());
  return { endpoints, started, mounted, forgotten };
}

const define = (definition: Partial<UpstreamDefinition> = {}): UpstreamDefinition => ({
  name: 'one',
  command: 'x',
  args: [],
  env: {},
  envFile: undefined,
  cwd: undefined,
  sharing: 'shared',
  enabled: true,
  ...definition,
});

const open = (endpoint: GatewayEndpoint, workspace?: string, who = 'x'): Relay =>
  endpoint.open({ workspace, params: { capabilities: {}, clientInfo: { name: who } } });

function attach(relay: Relay): Client {
  const client = {
    grantId: 'a',
    capabilities: {},
    inFlight: new Map(),
    tell: () => true,
    isListening: () => false,
  };
  relay.attach(client);
  return client;
}

function call(relay: Relay, client: Client, caller: Caller = callerOf('a')): void {
  const reply = { notify: silent, ask: silent, finish: silent, abandon: silent };
  relay.call({ client, caller, request: { jsonrpc: '2.0', id: 1, method: 'tools/call' }, reply });
}

it('shared: one process for every client, wherever it works', async () => {
  const { endpoints, started } = startEndpoints();
  endpoints.define([define()]);
  const one = endpoints.find('one')!;
  const relays = [open(one, '/a'), open(one, '/b'), open(one), one.find({ grantId: 'g', workspace: '/a' })];
  expect(new Set(relays).size).toBe(1);
  await Promise.all(relays.map((relay) => relay.initialize()));
  expect(started.map(({ workspace, peer }) => [workspace, peer.lives.length])).toEqual([[undefined, 1]]);
  expect(endpoints.report()).toMatchObject([
    { name: 'one', state: 'running', processes: [{ pid: 1, workspace: undefined }] },
  ]);
});

it('per-workspace: one process for each directory, started there, whoever asks', async () => {
  const { endpoints, started } = startEndpoints();
  endpoints.define([define({ sharing: 'per-workspace' })]);
  const one = endpoints.find('one')!;
  const [a, b, none] = [open(one, '/a'), open(one, '/b'), open(one)];
  expect(new Set([a, b, none]).size).toBe(3);
  expect([open(one, '/a'), one.find({ grantId: 'g', workspace: '/b' })]).toEqual([a, b]);
  await Promise.all([a, b].map((relay) => relay.initialize()));
  expect(started.map(({ workspace }) => workspace)).toEqual(['/a', '/b']);
  const workspaces = endpoints.report()[0]!.processes.map(({ workspace }) => workspace);
  expect(workspaces).toEqual(['/a', '/b']);
});

it('per-session: each client has its own, which is told who it is, and ends with it', async () => {
  const { endpoints, started } = startEndpoints();
  endpoints.define([define({ sharing: 'per-session' })]);
  const one = endpoints.find('one')!;
  const [anna, bert] = [open(one, '/a', 'anna'), open(one, '/a', 'bert')];
  for (const relay of [anna, bert]) expect(await relay.initialize()).toEqual(INITIALIZED);
  expect(
    started.map(({ workspace, peer }) => [workspace, peer.life.requests('initialize')[0]!.params]),
  ).toEqual([
    ['/a', { capabilities: {}, clientInfo: { name: 'anna' } }],
    ['/a', { capabilities: {}, clientInfo: { name: 'bert' } }],
  ]);
  one.release(anna);
  expect(started.map(({ peer }) => peer.life.isClosed)).toEqual([true, false]);
  expect(endpoints.report()[0]!.processes.length).toBe(1);
});

it('per-session: stateless requests share one process for each grant, never with another grant or a session', () => {
  const { endpoints } = startEndpoints();
  endpoints.define([define({ sharing: 'per-session' })]);
  const one = endpoints.find('one')!;
  const [a, b] = [one.find({ grantId: 'a', workspace: '/w' }), one.find({ grantId: 'b', workspace: '/w' })];
  expect(new Set([a, b, open(one, '/w')]).size).toBe(3);
  expect(one.find({ grantId: 'a', workspace: '/other' })).toBe(a);
});

it('per-session: the process of stateless requests ends with their grant, with what is kept of it, and no other', async () => {
  const { endpoints, started, forgotten } = startEndpoints();
  endpoints.define([define({ sharing: 'per-session' }), define({ name: 'two', sharing: 'per-workspace' })]);
  for (const [name, grantId] of [
    ['one', 'a'],
    ['one', 'b'],
    ['two', 'a'],
  ] as const) {
    await endpoints.find(name)!.find({ grantId, workspace: 'a' }).initialize();
  }
  endpoints.endGrant('a');
  expect(started.map(({ peer }) => peer.life.isClosed)).toEqual([true, false, false]);
  expect(endpoints.report()[0]!.processes.length).toBe(1);
  expect(forgotten).toEqual(['one a']);
});

it('the same definition again changes nothing; another command starts anew behind the clients', async () => {
  const { endpoints, started, mounted } = startEndpoints();
  endpoints.define([define()]);
  const one = endpoints.find('one')!;
  const relay = open(one);
  const client = attach(relay);
  await relay.initialize();
  endpoints.define([define()]);
  expect(started.map(({ peer }) => peer.life.isClosed)).toEqual([false]);
  endpoints.define([define({ args: ['--new'] })]);
  await waitFor('the new process', () => started.length === 2 && started[1]!.peer.lives.length === 1);
  expect(started.map(({ peer }) => peer.life.isClosed)).toEqual([true, false]);
  expect(started[1]!.definition.args).toEqual(['--new']);
  expect([endpoints.find('one'), mounted]).toEqual([one, ['+one']]);
  await waitFor('the start', () => relay.report().state === 'running');
  call(relay, client);
  expect(started[1]!.peer.life.requests('tools/call').length).toBe(1);
});

it('shared in another way it is another server; switched off or removed it is none', async () => {
  const { endpoints, started, mounted, forgotten } = startEndpoints();
  endpoints.define([define(), define({ name: 'two' })]);
  const relays = ['one', 'two'].map((name) => open(endpoints.find(name)!));
  await Promise.all(relays.map((relay) => relay.initialize()));
  endpoints.define([define({ sharing: 'per-workspace' }), define({ name: 'two', enabled: false })]);
  expect(mounted).toEqual(['+one', '+two', '-one', '-two', '+one']);
  expect(started.map(({ peer }) => peer.life.isClosed)).toEqual([true, true]);
  expect(endpoints.find('two')).toBeUndefined();
  expect(endpoints.report().map(({ name, state }) => [name, state])).toEqual([
    ['one', 'stopped'],
    ['two', 'disabled'],
  ]);
  expect(forgotten).toEqual([]);
  endpoints.define([]);
  expect([mounted.at(-1), forgotten, endpoints.report()]).toEqual(['-one', ['one', 'two'], []]);
});

it('a project that nobody has worked in for half an hour is forgotten, with its process', async () => {
  let now = 0;
  const { endpoints, started } = startEndpoints(() => now);
  endpoints.define([define({ sharing: 'per-workspace' })]);
  const one = endpoints.find('one')!;
  const left = open(one, '/left');
  const used = open(one, '/used');
  await Promise.all([left, used].map((relay) => relay.initialize()));
  attach(used);
  now += limits.upstreamIdleMs + 1;
  endpoints.sweep();
  expect([open(one, '/left') === left, open(one, '/used') === used]).toEqual([false, true]);
  expect(started.map(({ peer }) => peer.life.isClosed)).toEqual([true, false]);
});
