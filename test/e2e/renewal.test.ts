import { once } from 'node:events';
import { request } from 'node:https';
import { describe, expect, it, onTestFinished } from 'vitest';
import { httpsRequest } from '../support/https-request.ts';
import { createProgramHome, runProgram, startDaemon } from '../support/program.ts';
import { openTls } from '../support/raw-tls.ts';
import { waitFor } from '../support/wait-for.ts';

const RENEWALS = 3;
const STREAMS = 8;
const WORKERS = 4;

async function fingerprintServed(port: number, ca: string): Promise<string> {
  const socket = await openTls({ port, ca });
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}

describe.each(['uws', 'https'])('`cert renew` under load on %s', (engine) => {
  it('serves the new certificate at once, and breaks no stream and no request', async () => {
    const home = await createProgramHome({ CLAUDE_SECURE_ENGINE: engine });
    const { state, ca } = await startDaemon(home);
    const { port } = state;
    const { Authorization } = JSON.parse((await runProgram(home, ['headers', 'code'])).stdout);

    const streams = await Promise.all(
      Array.from({ length: STREAMS }, async () => {
        const outgoing = request({
          host: '127.0.0.1',
          port,
          ca,
          agent: false,
          path: '/mcp/sse',
          headers: { authorization: Authorization, accept: 'text/event-stream' },
        });
        onTestFinished(() => void outgoing.destroy());
        outgoing.on('error', () => {});
        outgoing.end();
        const [incoming] = await once(outgoing, 'response');
        const stream = { text: '', isOpen: true };
        incoming.setEncoding('utf8').on('data', (text: string) => {
          stream.text += text;
        });
        incoming.on('error', () => {});
        incoming.on('close', () => {
          stream.isOpen = false;
        });
        await waitFor('the endpoint event', () => stream.text.includes('event: endpoint'));
        return stream;
      }),
    );

    let isDone = false;
    const answers: (number | string)[] = [];
    const workers = Array.from({ length: WORKERS }, async () => {
      while (!isDone) {
        // A connect in the instant of the swap may be reset; every client retries that once (design 8).
        const ask = () => httpsRequest({ port, ca, path: '/health' });
        const { status } = await ask().catch(ask);
        answers.push(status);
      }
    });

    const served = new Set([await fingerprintServed(port, ca)]);
    for (let renewal = 0; renewal < RENEWALS; renewal++) {
      const { status, stdout } = await runProgram(home, ['cert', 'renew']);
      expect(status).toBe(0);
      const fingerprint = await fingerprintServed(port, ca);
      expect(stdout).toContain(fingerprint);
      served.add(fingerprint);
    }
    isDone = true;
    await Promise.all(workers);

    expect(served.size).toBe(RENEWALS + 1);
    expect(new Set(answers)).toEqual(new Set([200]));
    const [session] = streams;
    const path = /data: (\S+)/.exec(session?.text ?? '')?.[1] ?? '';
    const initialize = { jsonrpc: '2.0', id: 7, method: 'ping' };
    const posted = await httpsRequest({
      port,
      ca,
      path,
      method: 'POST',
      headers: { authorization: Authorization, 'content-type': 'application/json' },
      body: JSON.stringify(initialize),
    });
    expect(posted.status).toBe(202);
    await waitFor('the answer on the stream that saw every renewal', () => session?.text.includes('"id":7'));
    expect(streams.every(({ isOpen }) => isOpen)).toBe(true);
  });
});
