import { describe, expect, it } from 'vitest';
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
