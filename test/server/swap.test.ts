import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { connect } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Handler, ResponseStream } from '../../src/exchange.ts';
import { httpsRequest } from '../support/https-request.ts';
import { ENGINES, listen } from '../support/listen.ts';
import { waitFor } from '../support/wait-for.ts';

const SWAPS = 5;
const STREAMS = 3;

/** Answers `/stream` with a stream that the test holds, everything else with `ok`. */
function createHandler(): { handle: Handler; streams: ResponseStream[] } {
  const streams: ResponseStream[] = [];
  return {
    streams,
    handle(exchange) {
      if (exchange.path !== '/stream') return exchange.respond(200, {}, 'ok');
      const stream = exchange.stream(200, { 'content-type': 'text/event-stream' });
      stream.write('0\n');
      streams.push(stream);
    },
  };
}

async function servedSerial(port: number): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

/** Asks one after the other until told to stop; returns how many answers came. */
function keepAsking(port: number, ca: string, agent: Agent | false): { stop(): Promise<number> } {
  let running = true;
  let answers = 0;
  async function ask(): Promise<void> {
    const outgoing = request({ host: '127.0.0.1', port, ca, agent }).end();
    const [incoming] = await once(outgoing, 'response');
    expect(incoming.statusCode).toBe(200);
    incoming.resume();
    await once(incoming, 'end');
    answers++;
  }
  const done = (async () => {
    while (running) {
      await ask().catch(async (error: NodeJS.ErrnoException) => {
        // certificates.md 5: the kernel may reset a connect that stood in the queue of the closed socket; every
        // client of ours asks again. On a kept connection nothing may ever fail.
        if (agent || error.code !== 'ECONNRESET') throw error;
        await ask();
      });
    }
  })();
  done.catch(() => {});
  return {
    async stop() {
      running = false;
      await done;
      return answers;
    },
  };
}

describe.each(ENGINES)('%s', (name) => {
  it('swaps credentials under load: no stream, kept connection or new connection breaks', async () => {
    const { handle, streams } = createHandler();
    const { listener, port, ca, credentials } = await listen(name, handle);
    const agent = new Agent({ keepAlive: true, maxSockets: 2, ca });
    onTestFinished(() => agent.destroy());
    const readers = Array.from({ length: STREAMS }, () => httpsRequest({ port, ca, path: '/stream' }));
    await waitFor('the streams', () => streams.length === STREAMS);
    const kept = [keepAsking(port, ca, agent), keepAsking(port, ca, agent)];
    const fresh = [keepAsking(port, ca, false), keepAsking(port, ca, false)];

    const serials = new Set([await servedSerial(port)]);
    for (let swap = 1; swap <= SWAPS; swap++) {
      credentials.renew();
      await listener.swapCredentials();
      serials.add(await servedSerial(port));
      for (const stream of streams) stream.write(`${swap}\n`);
    }

    expect(serials.size).toBe(SWAPS + 1);
    for (const asking of [...kept, ...fresh]) expect(await asking.stop()).toBeGreaterThan(0);
    for (const stream of streams) stream.end();
    for (const { text } of await Promise.all(readers)) expect(text).toBe('0\n1\n2\n3\n4\n5\n');
  });

  it('R4: keeps serving the old pair when the new one is unusable', async () => {
    const { listener, port, ca, credentials } = await listen(name, createHandler().handle);
    const before = await servedSerial(port);
    for (const garbage of ['', 'junk', ca]) {
      writeFileSync(credentials.file, garbage);
      await expect(listener.swapCredentials()).rejects.toMatchObject({ code: 'CERTIFICATE_UNUSABLE' });
    }
    expect(await servedSerial(port)).toBe(before);
    expect((await httpsRequest({ port, ca })).status).toBe(200);
  });

  it('counts and closes the connections that an older certificate still holds', async () => {
    const { handle, streams } = createHandler();
    const { listener, port, ca, credentials } = await listen(name, handle);
    const reader = httpsRequest({ port, ca, path: '/stream' });
    await waitFor('the stream', () => streams.length === 1);
    credentials.renew();
    await listener.swapCredentials();
    expect(listener.connections()).toBe(1);
    await httpsRequest({ port, ca });
    await waitFor('the second connection to go', () => listener.connections() === 1);
    streams[0]!.end();
    expect((await reader).text).toBe('0\n');
    await listener.close();
    await waitFor('every connection to go', () => listener.connections() === 0);
  });
});
