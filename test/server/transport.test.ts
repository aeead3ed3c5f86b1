import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { networkInterfaces } from 'node:os';
import { connect, type SecureVersion } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Exchange, type Handler, respondJson } from '../../src/exchange.ts';
import { chooseEngine } from '../../src/server/choose.ts';
import { httpsRequest } from '../support/https-request.ts';
import { createCredentials, ENGINES, listen } from '../support/listen.ts';
import { sendRaw } from '../support/raw-tls.ts';
import { waitFor } from '../support/wait-for.ts';

describe.each(ENGINES)('%s', (name) => {
  it('hands over method, path, query, headers and peer exactly as they came', async () => {
    const { port, ca } = await listen(name, (exchange) => {
      const { method, path, query, headers, repeated, peer } = exchange;
      respondJson(exchange, 200, { method, path, query, headers, repeated, peer });
    });
    const { text } = await sendRaw({
      port,
      ca,
      answers: 1,
      bytes:
        'GET /a/../%62?c=%20&d HTTP/1.1\r\nHost: a\r\nX-One: 1\r\nX-ONE: 2\r\nX-Forwarded-For: 8.8.8.8\r\nConstructor: x\r\n\r\n',
    });
    expect(JSON.parse(text.slice(text.indexOf('{')))).toEqual({
      method: 'GET',
      path: '/a/../%62',
      query: 'c=%20&d',
      headers: JSON.parse('{"host":"a","x-one":"1","x-forwarded-for":"8.8.8.8","constructor":"x"}'),
      repeated: ['x-one'],
      // R14: no header changes it.
      peer: '127.0.0.1',
    });
  });

  it('announces no body where there is none, and the connection goes on', async () => {
    const { port, ca } = await listen(name, (exchange) => exchange.respond(204, {}));
    const bytes = Array.from({ length: 2 }, () => 'DELETE / HTTP/1.1\r\nHost: a\r\n\r\n');
    const { text, statuses } = await sendRaw({ port, ca, answers: 2, bytes });
    expect(statuses).toEqual([204, 204]);
    expect(text).not.toMatch(/^content-length: [1-9]/im);
  });

  it('announces no body where there is none, and ends the connection if told to', async () => {
    const { port, ca } = await listen(name, (exchange) => exchange.respond(204, { connection: 'close' }));
    const answered = await sendRaw({ port, ca, bytes: 'DELETE / HTTP/1.1\r\nHost: a\r\n\r\n' });
    expect(answered).toMatchObject({ statuses: [204], closedBy: 'server' });
    expect(answered.text).not.toMatch(/^content-length: [1-9]/im);
  });

  const answer: Handler = (exchange) => exchange.respond(200, {}, 'ok');
  async function negotiate(
    port: number,
    ca: string,
    version: SecureVersion,
    ciphers?: string,
  ): Promise<string> {
    // SECLEVEL 0, or the client itself would refuse the old versions and prove nothing.
    const socket = connect({
      host: '127.0.0.1',
      port,
      ca,
      minVersion: version,
      maxVersion: version,
      ciphers: ciphers ?? 'DEFAULT@SECLEVEL=0',
    });
    onTestFinished(() => void socket.destroy());
    await once(socket, 'secureConnect');
    return `${socket.getProtocol()} ${socket.getCipher().name}`;
  }

  it('R1: speaks TLS 1.2 and 1.3 with forward-secret AEAD suites, and nothing older', async () => {
    const { port, ca } = await listen(name, answer);
    expect(await negotiate(port, ca, 'TLSv1.2')).toMatch(
      /^TLSv1.2 ECDHE-ECDSA-(AES|CHACHA20).*(GCM|POLY1305)/,
    );
    expect(await negotiate(port, ca, 'TLSv1.3')).toMatch(/^TLSv1.3 TLS_/);
    for (const version of ['TLSv1', 'TLSv1.1'] as const) {
      await expect(negotiate(port, ca, version)).rejects.toMatchObject({
        code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
      });
    }
    for (const suite of ['ECDHE-ECDSA-AES128-SHA', 'ECDHE-ECDSA-AES256-SHA384', 'AES128-GCM-SHA256']) {
      await expect(negotiate(port, ca, 'TLSv1.2', `${suite}@SECLEVEL=0`)).rejects.toThrow(
        /handshake failure/,
      );
    }
  });

  it('R1: a plain request gets no HTTP answer', async () => {
    const { port } = await listen(name, answer);
    const socket = connectTcp({ host: '127.0.0.1', port });
    let text = '';
    socket.on('data', (data) => {
      text += data.toString('latin1');
    });
    socket.on('error', () => {});
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(socket, 'close');
    expect(text).not.toContain('HTTP');
  });

  it('R8: a second listener is told that the port is taken, and the first keeps every connection', async () => {
    const { port, ca } = await listen(name, answer);
    for (const other of ENGINES) {
      const engine = await chooseEngine(other);
      const second = engine.listen({
        host: '127.0.0.1',
        port,
        credentialsFile: createCredentials().file,
        handle: answer,
        onFault: () => {},
      });
      await expect(second).rejects.toMatchObject({ code: 'PORT_TAKEN' });
    }
    for (let count = 0; count < 20; count++) expect((await httpsRequest({ port, ca })).text).toBe('ok');
  });

  it('R8: bound to 127.0.0.1, no other address of the machine answers', async () => {
    const { port } = await listen(name, answer);
    const others = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .map(({ address }) => address)
      .filter((address) => address !== '127.0.0.1' && !address.startsWith('fe80'));
    for (const host of ['::1', ...others]) {
      const socket = connectTcp({ host, port });
      await expect(once(socket, 'connect')).rejects.toMatchObject({
        code: expect.stringMatching(/^E(CONNREFUSED|ADDRNOTAVAIL|AFNOSUPPORT|NETUNREACH)$/),
      });
    }
  });

  it('close lets an exchange in flight end and then holds nothing', async () => {
    let begun: Exchange | undefined;
    const { listener, port, ca } = await listen(name, (exchange) => {
      begun = exchange;
    });
    const answered = httpsRequest({ port, ca });
    const exchange = await waitFor('the request', () => begun);
    const closed = listener.close();
    await expect(httpsRequest({ port, ca })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    exchange.respond(200, {}, 'in time');
    expect((await answered).text).toBe('in time');
    await closed;
    await waitFor('every connection to go', () => listener.connections() === 0);
  });
});

it('an engine that cannot read its credentials says which file', async () => {
  for (const name of ENGINES) {
    const engine = await chooseEngine(name);
    const listening = engine.listen({
      host: '127.0.0.1',
      port: 0,
      credentialsFile: '/nonexistent/identity.pem',
      handle: () => {},
      onFault: () => {},
    });
    await expect(listening).rejects.toMatchObject({
      code: 'CERTIFICATE_UNUSABLE',
      message: expect.stringContaining('/nonexistent/identity.pem'),
    });
  }
});
