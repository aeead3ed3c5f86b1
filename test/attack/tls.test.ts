import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { clientHello, exchangeBytes } from '../support/client-hello.ts';
import type { Home } from '../support/home.ts';
import { ENGINES } from '../support/listen.ts';
import { ask } from '../support/oauth-client.ts';
import { createProgramHome, type Daemon, startDaemon } from '../support/program.ts';
import { run } from '../support/run.ts';

/** Kinds of TLS records. */
const ALERT = 0x15;
const HANDSHAKE = 0x16;
const TLS_1_0 = 0x0301;
const TLS_1_1 = 0x0302;
const TLS_1_2 = 0x0303;
const SUITES: Readonly<Record<string, readonly string[]>> = {
  'TLSv1.2': [
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
  ],
  'TLSv1.3': ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'],
};

/** The attributes of every element of that name, in the flat XML of sslscan. */
const elements = (xml: string, name: string): Record<string, string>[] =>
  [...xml.matchAll(new RegExp(`<${name} ([^>]*?)/?>`, 'g'))].map(([, attributes = '']) =>
    Object.fromEntries([...attributes.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value])),
  );

describe.each(ENGINES)('the port of the daemon on %s', (engine) => {
  let home: Home;
  let daemon: Daemon;
  beforeEach(async () => {
    home = await createProgramHome({ CLAUDE_SECURE_ENGINE: engine });
    daemon = await startDaemon(home);
  });

  it('R1: to sslscan speaks TLS 1.2 and 1.3 with forward-secret AEAD suites, and has no known weakness', async () => {
    const file = join(home.dir, 'scan.xml');
    const target = `127.0.0.1:${daemon.state.port}`;
    await run(['sslscan', '--no-colour', `--xml=${file}`, target], { env: { PATH: home.env.PATH } });
    const xml = readFileSync(file, 'utf8');
    const spoken = elements(xml, 'protocol').filter(({ enabled }) => enabled === '1');
    expect(spoken.map(({ type, version }) => `${type} ${version}`)).toEqual(['tls 1.2', 'tls 1.3']);
    for (const [version, suites] of Object.entries(SUITES)) {
      const accepted = elements(xml, 'cipher').filter(({ sslversion }) => sslversion === version);
      expect(accepted.map(({ cipher }) => cipher).sort()).toEqual(suites);
    }
    expect(elements(xml, 'renegotiation')).toEqual([{ supported: '0', secure: '0' }]);
    expect(elements(xml, 'heartbleed').map(({ vulnerable }) => vulnerable)).toEqual(['0', '0']);
    expect(elements(xml, 'compression').filter(({ supported }) => supported !== '0')).toEqual([]);
    expect(xml).toContain('curve_name="prime256v1"');
  });

  it('R1: answers TLS 1.0 and 1.1 with alert 70, compresses for nobody, and knows no HTTP without TLS', async () => {
    const { port } = daemon.state;
    for (const version of [TLS_1_0, TLS_1_1]) {
      const answer = await exchangeBytes(port, clientHello({ version, compressions: [0] }));
      const [type, , , , , level, description] = answer;
      expect({ type, level, description }).toEqual({ type: ALERT, level: 2, description: 70 });
    }
    const answer = await exchangeBytes(port, clientHello({ version: TLS_1_2, compressions: [1, 0] }));
    const [type, , , , , handshake] = answer;
    expect({ type, handshake }).toEqual({ type: HANDSHAKE, handshake: 2 });
    // A record head, a handshake head, version, random and session id stand before the suite and the method.
    const method = 5 + 4 + 2 + 32 + 1 + (answer[43] ?? 0) + 2;
    expect(answer[method]).toBe(0);
    const only = await exchangeBytes(port, clientHello({ version: TLS_1_2, compressions: [1] }));
    expect(only[0]).toBe(ALERT);
    const plain = `GET /health HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`;
    expect((await exchangeBytes(port, plain)).toString('latin1')).not.toContain('HTTP');
    expect((await ask(home, { path: '/health' })).status).toBe(200);
  });

  it('R1: ends a connection that asks to renegotiate', async () => {
    const { port } = daemon.state;
    const socket = connect({ host: '127.0.0.1', port, ca: daemon.ca, maxVersion: 'TLSv1.2' });
    onTestFinished(() => void socket.destroy());
    await once(socket, 'secureConnect');
    const ended = new Promise((resolve) => socket.on('close', resolve));
    const refused = new Promise((resolve) => socket.on('error', resolve));
    socket.renegotiate({}, () => undefined);
    expect(await refused).toMatchObject({ message: expect.stringMatching(/no renegotiation/i) });
    await ended;
    expect((await ask(home, { path: '/health' })).status).toBe(200);
  });
});
