import { constants } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { errnoOf, Failure } from '../errors.ts';
import { readOwnFile } from '../files.ts';
import { limits } from '../limits.ts';
import { createBodyBudget } from './body.ts';
import { maxConnections } from './connection-limit.ts';
import { createConnections } from './connections.ts';
import type { Engine, EngineOptions, Listener } from './engine.ts';
import { acceptHttps, type HttpsContext } from './https-exchange.ts';

/** R1: all of TLS 1.3, and of TLS 1.2 the forward-secret AEAD suites. */
const CIPHERS = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'ECDHE+AESGCM',
  'ECDHE+CHACHA20',
].join(':');
/** How often node:http looks for overdue requests; its own default of 30 s would double every deadline. */
const CHECK_MS = 1_000;
/** node's parser gets a little more room, so that `isHeadTooLarge` decides and not the way bytes were split. */
const HEADER_SLACK_BYTES = 1_024;

function unusable(file: string, cause?: unknown): Failure {
  return new Failure('CERTIFICATE_UNUSABLE', `${file} holds no key with its certificate`, { cause });
}

/** Throws `CERTIFICATE_UNUSABLE` or `FILE_UNSAFE`. */
function readCredentials(file: string): SecureContextOptions {
  const pem = readOwnFile(file);
  // An empty text would be taken for a server without any certificate.
  if (!pem) throw unusable(file);
  const credentials: SecureContextOptions = {
    key: pem,
    cert: pem,
    ciphers: CIPHERS,
    minVersion: 'TLSv1.2',
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
  };
  try {
    createSecureContext(credentials);
  } catch (cause) {
    throw unusable(file, cause);
  }
  return credentials;
}

function createHttpsServer({ credentialsFile }: EngineOptions): Server {
  const server = createServer({
    ...readCredentials(credentialsFile),
    insecureHTTPParser: false,
    maxHeaderSize: limits.headerBytes + HEADER_SLACK_BYTES,
    handshakeTimeout: limits.headersMs,
    headersTimeout: limits.headersMs,
    requestTimeout: limits.bodyMs,
    keepAliveTimeout: limits.keepAliveMs,
    connectionsCheckingInterval: CHECK_MS,
  });
  // Zero means that none is silently left out; the count is judged by `isHeadTooLarge`.
  server.maxHeadersCount = 0;
  return server;
}

async function listenExclusively(server: Server, { host, port }: EngineOptions): Promise<void> {
  server.listen({ host, port, exclusive: true });
  try {
    await once(server, 'listening');
  } catch (cause) {
    const why = errnoOf(cause) === 'EADDRINUSE' ? 'another program holds the port' : String(cause);
    throw new Failure('PORT_TAKEN', `cannot listen on ${host}:${port}: ${why}`, { cause });
  }
}

async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  const cut = setTimeout(() => server.closeAllConnections(), limits.drainMs);
  await closed;
  clearTimeout(cut);
}

async function listenHttps(options: EngineOptions): Promise<Listener> {
  const connections = createConnections(maxConnections(options.connections));
  let closing = false;
  const context: HttpsContext = {
    handle: options.handle,
    onFault: options.onFault,
    budget: createBodyBudget(),
    onEnd: () => {},
    vouch: connections.vouch,
    isClosing: () => closing,
  };
  const server = createHttpsServer(options);
  server.on('request', (req, res) => acceptHttps(req, res, context));
  // Node would answer a strange `Expect` by itself, before every gate.
  server.on('checkExpectation', (req, res) => acceptHttps(req, res, context));
  server.on('connection', connections.enter);
  await listenExclusively(server, options);
  server.on('error', options.onFault);
  return {
    port: (server.address() as AddressInfo).port,
    connections: connections.count,
    async swapCredentials() {
      server.setSecureContext(readCredentials(options.credentialsFile));
    },
    close() {
      closing = true;
      return closeServer(server);
    },
  };
}

/** The engine on node:https, for systems where uWebSockets.js has no binary. */
export function createHttpsEngine(reason: string): Engine {
  return { name: 'https', reason, listen: listenHttps };
}
