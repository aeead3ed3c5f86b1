import { openSession, openStateless } from './http-client.mjs';
import { findPort, peerProgram, startProgram, waitUntil } from './processes.mjs';
import { everything } from './upstreams.mjs';

const quote = (word) => `'${word.replaceAll("'", "'\\''")}'`;

/** Waits until the server answers; the session that tried it is ended again. */
async function ready({ child, stop }, where) {
  try {
    const probe = await waitUntil(() => openSession(where));
    await probe.end();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    pid: child.pid,
    openSession: () => openSession(where),
    openStateless: () => openStateless(where),
    stop,
  };
}

/** mcp-proxy with TLS: our own certificate, so that nothing but the proxy differs. */
export async function startMcpProxy(upstream, { env, ca }) {
  const port = await findPort();
  const certificates = `${env.CLAUDE_SECURE_HOME}/certs`;
  const program = startProgram([
    process.execPath,
    peerProgram('mcp-proxy/dist/bin/mcp-proxy.mjs'),
    ...['--host', '127.0.0.1', '--port', String(port), '--server', 'stream'],
    ...['--sslCert', `${certificates}/server.pem`, '--sslKey', `${certificates}/identity.pem`],
    '--',
    ...upstream,
  ]);
  return ready(program, { url: `https://127.0.0.1:${port}/mcp`, ca: ca() });
}

/** supergateway has no TLS. At its own log level it would write down every body. */
export async function startSupergateway(upstream) {
  const port = await findPort();
  const program = startProgram([
    process.execPath,
    peerProgram('supergateway/dist/index.js'),
    ...['--stdio', upstream.map(quote).join(' ')],
    ...['--outputTransport', 'streamableHttp', '--stateful', '--port', String(port), '--logLevel', 'none'],
  ]);
  return ready(program, { url: `http://127.0.0.1:${port}/mcp` });
}

/** The HTTP mode of server-everything itself, without TLS. */
export async function startOwnHttp() {
  const port = await findPort();
  const program = startProgram(everything('streamableHttp'), { env: { PORT: String(port) } });
  return ready(program, { url: `http://127.0.0.1:${port}/mcp` });
}
