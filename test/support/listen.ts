import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Handler } from '../../src/exchange.ts';
import { chooseEngine } from '../../src/server/choose.ts';
import type { Listener } from '../../src/server/engine.ts';

export const ENGINES = ['uws', 'https'] as const;
export type EngineName = (typeof ENGINES)[number];

export interface Credentials {
  /** One PEM of key and certificate. */
  file: string;
  /** The root that clients trust. */
  ca: string;
  /** Replaces the pair in the file by another one under the same root. */
  renew(): void;
}

const KEY = '-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2';

/** A root and a certificate under it for localhost and 127.0.0.1, removed at the end of the test. */
export function createCredentials(): Credentials {
  const dir = mkdtempSync(join(tmpdir(), 'claude-secure-credentials-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const file = join(dir, 'identity.pem');
  const read = (name: string): string => readFileSync(join(dir, name), 'utf8');
  function issue(command: string, ...args: string[]): void {
    execFileSync('openssl', [...`req -x509 ${KEY} ${command}`.split(' '), ...args], {
      cwd: dir,
      stdio: 'ignore',
    });
  }
  function renew(): void {
    const names = 'subjectAltName=DNS:localhost,IP:127.0.0.1';
    const leaf = '-subj /CN=leaf -CA root.pem -CAkey root.key -keyout leaf.key -out leaf.pem';
    issue(leaf, '-addext', names, '-addext', 'basicConstraints=critical,CA:FALSE');
    writeFileSync(file, read('leaf.key') + read('leaf.pem'), { mode: 0o600 });
  }
  issue('-subj /CN=root -keyout root.key -out root.pem');
  renew();
  return { file, ca: read('root.pem'), renew };
}

export interface Listening {
  listener: Listener;
  port: number;
  ca: string;
  credentials: Credentials;
  /** What `onFault` was told. */
  faults: unknown[];
}

/** Starts an engine with `handle` on a free port; it is closed at the end of the test. */
export async function listen(name: EngineName, handle: Handler): Promise<Listening> {
  const credentials = createCredentials();
  const faults: unknown[] = [];
  const engine = await chooseEngine(name);
  const listener = await engine.listen({
    host: '127.0.0.1',
    port: 0,
    credentialsFile: credentials.file,
    handle,
    onFault: (error) => faults.push(error),
  });
  onTestFinished(() => listener.close());
  return { listener, port: listener.port, ca: credentials.ca, credentials, faults };
}
