import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { connect } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ensureCertificate } from '../../src/certificate/ensure.ts';
import { renewCertificate } from '../../src/certificate/renew.ts';
import { Failure } from '../../src/errors.ts';
import { openLog } from '../../src/log.ts';
import { chooseEngine } from '../../src/server/choose.ts';
import type { Listener } from '../../src/server/engine.ts';
import { serveCertificate } from '../../src/server/served-certificate.ts';
import { createHome } from '../support/home.ts';
import { ENGINES, type EngineName } from '../support/listen.ts';

const HOSTNAMES = { hostnames: [] };

/** Certificates on disk and a log; `listener` serves them. */
async function createServed(createListener: (credentialsFile: string) => Promise<Listener>) {
  const { paths, dir } = createHome();
  const certificates = await ensureCertificate(paths, HOSTNAMES);
  const listener = await createListener(paths.identity);
  onTestFinished(() => listener.close());
  const log = openLog(`${dir}/daemon.log`, 'info');
  onTestFinished(() => log.close());
  const lost: string[] = [];
  const onPortLost = (): void => void lost.push('lost');
  return {
    served: serveCertificate(certificates, { paths, ...HOSTNAMES, listener, log, onPortLost }),
    paths,
    listener,
    lost,
  };
}

const listenOn =
  (name: EngineName) =>
  async (credentialsFile: string): Promise<Listener> => {
    const engine = await chooseEngine(name);
    const handle = (): void => {};
    return engine.listen({ host: '127.0.0.1', port: 0, credentialsFile, handle, onFault: handle });
  };

async function fingerprintOn(port: number): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}

describe.each(ENGINES)('the served certificate on %s', (engine) => {
  it('R3: several refreshes at once serve the new certificate and lose no port', async () => {
    const { served, paths, listener, lost } = await createServed(listenOn(engine));
    const { report } = await renewCertificate(paths, HOSTNAMES);
    await Promise.all([served.refresh(), served.refresh(), served.refresh()]);
    expect(await fingerprintOn(listener.port)).toBe(report.serverSha256);
    expect(served.report().serverSha256).toBe(report.serverSha256);
    expect(lost).toEqual([]);
  });

  it('R5: a refresh that fails leaves what is served, and the next one can succeed', async () => {
    const { served, paths, listener, lost } = await createServed(listenOn(engine));
    const before = await fingerprintOn(listener.port);
    const { report } = await renewCertificate(paths, HOSTNAMES);
    chmodSync(paths.authority, 0o644);
    await expect(served.refresh()).rejects.toThrow('open to other accounts');
    expect(await fingerprintOn(listener.port)).toBe(before);
    chmodSync(paths.authority, 0o600);
    await served.refresh();
    expect(await fingerprintOn(listener.port)).toBe(report.serverSha256);
    expect(lost).toEqual([]);
  });
});

describe('a swap', () => {
  it('that loses the port says so; one that is refused does not', async () => {
    const failures = [new Failure('CERTIFICATE_UNUSABLE', 'bad pair'), new Failure('PORT_TAKEN', 'taken')];
    const { served, paths, lost } = await createServed(async () => ({
      port: 1,
      connections: () => 0,
      swapCredentials: () => Promise.reject(failures.shift()),
      close: () => Promise.resolve(),
    }));
    await renewCertificate(paths, HOSTNAMES);
    await expect(served.refresh()).rejects.toThrow('bad pair');
    expect(lost).toEqual([]);
    await expect(served.refresh()).rejects.toThrow('taken');
    expect(lost).toEqual(['lost']);
  });
});
