import type * as UWebSockets from 'uWebSockets.js';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../errors.ts';
import { limits } from '../limits.ts';
import { createBodyBudget } from './body.ts';
import { maxConnections } from './connection-limit.ts';
import type { Engine, EngineOptions, Listener } from './engine.ts';
import { findFreePort } from './free-port.ts';
import { acceptUws, type UwsContext } from './uws-exchange.ts';

/** What this engine uses of the module. */
export type Uws = Pick<typeof UWebSockets, 'SSLApp' | 'us_listen_socket_close' | 'us_socket_local_port'>;

/** LIBUS_LISTEN_EXCLUSIVE_PORT; without it two daemons share the port and split its connections (measured). */
const EXCLUSIVE = 1;
/** R1: below TLS 1.3 only forward-secret AEAD suites; uWebSockets.js itself refuses TLS 1.0 and 1.1. */
const CIPHERS = 'ECDHE+AESGCM:ECDHE+CHACHA20';
const RELISTEN_PAUSE_MS = 5;
const DRAIN_POLL_MS = 10;

/** One set of credentials: uWebSockets.js reads them once, so a swap is a new app beside the old one. */
interface Generation {
  readonly app: UWebSockets.TemplatedApp;
  socket: UWebSockets.us_listen_socket | undefined;
  connections: number;
}

interface Shared {
  readonly uws: Uws;
  readonly options: EngineOptions;
  readonly context: UwsContext;
  readonly generations: Set<Generation>;
  readonly maxConnections: number;
}

const countConnections = ({ generations }: Shared): number =>
  [...generations].reduce((sum, { connections }) => sum + connections, 0);

/** Throws `CERTIFICATE_UNUSABLE`; a missing, garbled or mismatched pair is noticed here, before anything changes. */
function createGeneration(shared: Shared): Generation {
  const { credentialsFile } = shared.options;
  let app: UWebSockets.TemplatedApp;
  try {
    app = shared.uws.SSLApp({
      key_file_name: credentialsFile,
      cert_file_name: credentialsFile,
      ssl_ciphers: CIPHERS,
    });
  } catch (cause) {
    throw new Failure('CERTIFICATE_UNUSABLE', `${credentialsFile} holds no key with its certificate`, {
      cause,
    });
  }
  const generation: Generation = { app, socket: undefined, connections: 0 };
  // Called with 1 for every connection that opens and with -1 for every one that closed.
  const onConnection = (res: UWebSockets.HttpResponse, change: unknown): void => {
    generation.connections += Number(change);
    if (change === 1 && countConnections(shared) > shared.maxConnections) res.close();
    if (generation.connections === 0 && !generation.socket) shared.generations.delete(generation);
  };
  app.filter(onConnection);
  app.any('/*', (res, req) => acceptUws(res, req, shared.context));
  return generation;
}

/** Listens for `generation`; false if the port is not to be had. */
function tryListen({ options }: Shared, generation: Generation, port: number): boolean {
  generation.app.listen(options.host, port, EXCLUSIVE, (socket) => {
    generation.socket = socket || undefined;
  });
  return generation.socket !== undefined;
}

function stopListening({ uws }: Shared, generation: Generation): void {
  if (generation.socket) uws.us_listen_socket_close(generation.socket);
  generation.socket = undefined;
}

function portTaken(host: string, port: number): Failure {
  return new Failure('PORT_TAKEN', `cannot listen on ${host}:${port}: another program holds the port`);
}

/**
 * Replaces `current` on the port. The turn of the event loop lets connections that the kernel has already
 * accepted reach the old app; then the sockets are changed within one turn (certificates.md 5: no stream and
 * no kept connection was ever lost, a connect in that instant now and then).
 */
async function replace(shared: Shared, current: Generation, port: number): Promise<Generation> {
  const next = createGeneration(shared);
  await nextTurn();
  stopListening(shared, current);
  if (current.connections === 0) shared.generations.delete(current);
  shared.generations.add(next);
  const deadline = performance.now() + limits.relistenMs;
  while (!tryListen(shared, next, port)) {
    if (performance.now() > deadline) throw portTaken(shared.options.host, port);
    await sleep(RELISTEN_PAUSE_MS);
  }
  return next;
}

async function listenUws(uws: Uws, options: EngineOptions): Promise<Listener> {
  let inFlight = 0;
  let closing = false;
  const context: UwsContext = {
    handle: options.handle,
    onFault: options.onFault,
    budget: createBodyBudget(),
    onBegin: () => inFlight++,
    onEnd: () => inFlight--,
    isClosing: () => closing,
  };
  const shared: Shared = {
    uws,
    options,
    context,
    generations: new Set(),
    maxConnections: maxConnections(options.connections),
  };
  let current = createGeneration(shared);
  const wanted = options.port || (await findFreePort(options.host));
  if (!tryListen(shared, current, wanted)) throw portTaken(options.host, wanted);
  shared.generations.add(current);
  const port = uws.us_socket_local_port(current.socket as UWebSockets.us_socket);
  return {
    port,
    connections: () => countConnections(shared),
    async swapCredentials() {
      current = await replace(shared, current, port);
    },
    async close() {
      closing = true;
      stopListening(shared, current);
      const deadline = performance.now() + limits.drainMs;
      while (inFlight > 0 && performance.now() < deadline) await sleep(DRAIN_POLL_MS);
      for (const { app } of shared.generations) app.close();
      shared.generations.clear();
    },
  };
}

/** The engine on uWebSockets.js, whose loaded module is handed in. */
export function createUwsEngine(uws: Uws, reason: string): Engine {
  return { name: 'uws', reason, listen: (options) => listenUws(uws, options) };
}
