import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { ensureCertificate } from '../../src/certificate/ensure.ts';
import { readConfig } from '../../src/config.ts';
import type { EnsureOptions } from '../../src/daemon/ensure.ts';
import { createHome, type Home } from '../support/home.ts';
import { freePort } from '../support/program.ts';
import { endProcessesOf } from '../support/run.ts';

const FIXTURE = fileURLToPath(new URL('../fixtures/daemon.mjs', import.meta.url));

export interface DaemonHome extends Home {
  readonly port: number;
  readonly roots: string;
  /** As the launcher would call `ensureDaemon`, with the fixture as the program; `env` adds faults to it. */
  ensureOptions(env?: NodeJS.ProcessEnv): EnsureOptions;
}

/** A home with real certificates, an owner secret and a port, in which no daemon has run yet. */
export async function createDaemonHome(): Promise<DaemonHome> {
  const port = await freePort();
  const { dir } = createHome();
  const home = createHome({ CLAUDE_SECURE_HOME: `${dir}/root`, CLAUDE_SECURE_PORT: String(port) });
  onTestFinished(() => endProcessesOf(home.dir));
  const { roots } = await ensureCertificate(home.paths, { hostnames: [] });
  writeFileSync(home.paths.ownerSecret, randomBytes(32).toString('base64url'), { mode: 0o600 });
  return {
    ...home,
    port,
    roots,
    ensureOptions: (env = {}) => ({
      paths: home.paths,
      config: readConfig({ ...home.env, ...env }),
      env: { ...home.env, ...env },
      roots,
      entry: FIXTURE,
      version: '0.1.0',
    }),
  };
}
