import { rmSync } from 'node:fs';
import { Agent } from 'node:https';
import { beforeAll, expect, onTestFinished } from 'vitest';
import type { ControlAction, ControlActions } from '../../src/control.ts';
import type { Server } from '../oauth/flow.ts';
import { askControl } from '../support/control.ts';
import type { AtEnd, Home } from '../support/home.ts';
import { type HttpsAnswer, httpsRequest } from '../support/https-request.ts';
import type { EngineName } from '../support/listen.ts';
import type { AppRequest } from '../support/oauth-app.ts';
import { useToken } from '../support/oauth-client.ts';
import { createProgramHome, type Daemon, startDaemon } from '../support/program.ts';

export interface TargetRequest extends AppRequest {
  /** Of 127.0.0.0/8; a fresh one every few requests unless named, as rate limits go by the peer. */
  peer?: string;
}

/** The built daemon, as whoever connects to it sees it, and what its owner can ask. */
export interface Target extends Server {
  readonly home: Home;
  readonly daemon: Daemon;
  request(request: TargetRequest): Promise<HttpsAnswer>;
  control<A extends ControlAction>(
    action: A,
    request: ControlActions[A]['request'],
  ): Promise<ControlActions[A]['response']>;
  /** How many grants the client has. */
  grants(clientId: string): Promise<number>;
  /** What the token gets at /mcp: 200 if it is good. */
  useToken(token: string): Promise<number>;
  /** Ends the daemon by that signal, and starts the next one on the same files and port. */
  restart(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

/** Below every limit by the peer. */
const REQUESTS_PER_PEER = 10;
/** Sooner than any server closes a connection that is idle. */
const IDLE_MS = 1_000;

let requests = 0;
function freshPeer(): string {
  const peer = Math.floor(requests++ / REQUESTS_PER_PEER) + 1;
  return `127.1.${(peer >> 8) & 255}.${peer & 255}`;
}

/** What holds for every answer, whatever was sent (R13, R23; no answer of /oauth may be kept by a cache). */
function expectSafe({ path }: TargetRequest, { status, headers, text }: HttpsAnswer): void {
  const names = Object.keys(headers);
  expect(
    names.filter((name) => name === 'set-cookie' || name.startsWith('access-control-')),
    path,
  ).toEqual([]);
  if (path.startsWith('/oauth/') || status >= 300) expect(headers['cache-control'], path).toBe('no-store');
  expect(text, path).not.toMatch(/\n\s+at |\/dist\/|\/node_modules\//);
}

/** Starts the built daemon on that engine; it ends with the test, unless `atEnd` says otherwise. */
export async function startTarget(
  engine: EngineName,
  extra: NodeJS.ProcessEnv = {},
  atEnd: AtEnd = onTestFinished,
): Promise<Target> {
  const agent = new Agent({ keepAlive: true, timeout: IDLE_MS });
  atEnd(() => agent.destroy());
  const home = await createProgramHome({ CLAUDE_SECURE_ENGINE: engine }, atEnd);
  let daemon = await startDaemon(home, extra);
  const control: Target['control'] = (action, request) => askControl(home, action, request);
  return {
    home,
    control,
    get daemon() {
      return daemon;
    },
    get issuer() {
      return daemon.url;
    },
    async request({ peer = freshPeer(), ...request }) {
      const { state, ca } = daemon;
      const answer = await httpsRequest({ port: state.port, ca, localAddress: peer, agent, ...request });
      expectSafe(request, answer);
      return answer;
    },
    resolve: async (code, approve) => (await control('approve', { code, approve })).done,
    async grants(clientId) {
      const { clients } = await control('clients', {});
      return clients.find((client) => client.clientId === clientId)?.grants ?? 0;
    },
    useToken: (token) => useToken(home, token),
    async restart(signal = 'SIGTERM') {
      daemon.running.kill(signal);
      await daemon.running.ended;
      agent.destroy();
      // One that was killed leaves it behind, and would be taken for the next one.
      rmSync(home.paths.state, { force: true });
      daemon = await startDaemon(home, extra);
    },
  };
}

/** One target for all tests of the suite that this is called in. */
export function useTarget(engine: EngineName, extra: NodeJS.ProcessEnv = {}): () => Target {
  let target: Target | undefined;
  beforeAll(async () => {
    const ends: (() => void | Promise<void>)[] = [];
    target = await startTarget(engine, extra, (end) => ends.unshift(end));
    return async () => {
      for (const end of ends) await end();
    };
  });
  return () => {
    if (!target) throw new Error('the daemon did not start');
    return target;
  };
}
