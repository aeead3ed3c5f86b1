import { createRequire } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import type { Client as ClientClass, Dispatcher } from 'undici';

// Node 20 compiles undici's WebAssembly HTTP parser twice, the second time by the optimising compiler: 0.12 s of
// CPU, more than the rest of a launch together (measured: 3.0 x `node -e 0` with it, 1.75 x without; no
// difference on Node 22 and 24). A launcher parses one answer, which the baseline compiler's code does as well.
if (process.versions.node.startsWith('20.')) setFlagsFromString('--liftoff-only');

// Not `import`: that would have Node scan undici's sources for export names first, 5 ms on Node 24 (measured).
const Client: typeof ClientClass = createRequire(import.meta.url)('undici/lib/dispatcher/client.js');

export interface DaemonRequest {
  port: number;
  /** PEM: the only certificates that are trusted. */
  roots: string;
  method: 'GET' | 'POST';
  path: string;
  headers?: Readonly<Record<string, string>>;
  body?: string;
  /** For the whole of it: connecting, the handshake, the answer. */
  timeoutMs: number;
  maxBytes: number;
}

export interface DaemonAnswer {
  readonly status: number;
  readonly text: string;
}

/** The daemon did not give a whole answer in time. */
export class NoAnswerInTime extends Error {}

/** The answer is longer than the caller takes. */
export class AnswerTooLarge extends Error {}

function collectAnswer(client: ClientClass, request: DaemonRequest): Promise<DaemonAnswer> {
  const { method, path, headers = {}, body = null, maxBytes } = request;
  return new Promise((resolve, reject) => {
    let status = 0;
    let size = 0;
    const chunks: Buffer[] = [];
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart() {},
      onResponseStart(_controller, statusCode) {
        status = statusCode;
      },
      onResponseData(controller, chunk) {
        size += chunk.length;
        if (size > maxBytes) controller.abort(new AnswerTooLarge(`more than ${maxBytes} bytes`));
        else chunks.push(chunk);
      },
      onResponseEnd() {
        resolve({ status, text: Buffer.concat(chunks).toString() });
      },
      onResponseError(_controller, error) {
        reject(error);
      },
    };
    client.dispatch({ method, path, headers, body }, handler);
  });
}

/**
 * One request to `https://127.0.0.1:<port>` on a connection of its own. Nothing of it (path, headers, body) is
 * written before the peer's certificate was verified under `roots` alone, whatever
 * `NODE_TLS_REJECT_UNAUTHORIZED` or `NODE_EXTRA_CA_CERTS` say. Rejects with `NoAnswerInTime`,
 * `AnswerTooLarge`, or the error of the connection as Node and undici name it.
 */
export async function requestDaemon(request: DaemonRequest): Promise<DaemonAnswer> {
  const client = new Client(`https://127.0.0.1:${request.port}`, {
    connect: {
      ca: [request.roots],
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
      // `destroy` leaves a handshake under way alone, which holds the process for undici's own 10 s (measured).
      timeout: request.timeoutMs,
    },
  });
  const deadline = setTimeout(
    () => void client.destroy(new NoAnswerInTime(`no answer within ${request.timeoutMs} ms`)),
    request.timeoutMs,
  );
  try {
    return await collectAnswer(client, request);
  } finally {
    clearTimeout(deadline);
    await client.destroy();
  }
}
