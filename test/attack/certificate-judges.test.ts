import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ensureCertificate } from '../../src/certificate/ensure.ts';
import { serveForgeries } from '../support/forged-leaves.ts';
import { createHome } from '../support/home.ts';
import { ENGINES } from '../support/listen.ts';
import { createProgramHome, startDaemon } from '../support/program.ts';
import { type Outcome, run } from '../support/run.ts';

const BUN = fileURLToPath(new URL('../clients/node_modules/@oven/bun-linux-x64/bin/bun', import.meta.url));

interface Judge {
  readonly name: string;
  readonly library: string;
  /** Fetches the address and trusts this file of roots alone. */
  command(url: string, caFile: string): [string, ...string[]];
}

/** Clients that have nothing to do with us, each with a TLS library of its own. */
const JUDGES: readonly Judge[] = [
  { name: 'bun', library: 'BoringSSL', command: (url) => [BUN, '-e', `await fetch('${url}')`] },
  {
    name: 'curl',
    library: 'OpenSSL',
    command: (url, caFile) => ['curl', '-sS', '--capath', '/nonexistent', '--cacert', caFile, url],
  },
  {
    name: 'wget',
    library: 'GnuTLS',
    command: (url, caFile) => ['wget', '-q', '--tries=1', '-O-', `--ca-certificate=${caFile}`, url],
  },
];

describe.each(JUDGES)('R2: $name with $library', ({ name, command }) => {
  const judge = (url: string, caFile: string, env: NodeJS.ProcessEnv = {}): Promise<Outcome> =>
    run(command(url, caFile), { env: { PATH: process.env.PATH, NODE_EXTRA_CA_CERTS: caFile, ...env } });

  it('believes none but the permitted names of whoever stole our issuing key', async () => {
    const home = createHome();
    await ensureCertificate(home.paths, { hostnames: [] });
    const forgeries = await serveForgeries(home);
    const proxy = { https_proxy: forgeries.proxyUrl, HTTPS_PROXY: forgeries.proxyUrl };
    await Promise.all(forgeries.hosts.map((host) => judge(`https://${host}/`, home.paths.caBundle, proxy)));
    expect([...forgeries.tried()].sort()).toEqual([...forgeries.hosts].sort());
    expect(forgeries.reached()).toEqual(forgeries.expectedOf(name));
  });

  it.each(ENGINES)('believes the daemon on %s, by name and by address', async (engine) => {
    const home = await createProgramHome({ CLAUDE_SECURE_ENGINE: engine });
    const { state } = await startDaemon(home);
    for (const host of ['127.0.0.1', 'localhost']) {
      const outcome = await judge(`https://${host}:${state.port}/health`, home.paths.caBundle);
      expect(outcome, outcome.stderr).toMatchObject({ status: 0, stderr: '' });
    }
  });
});
