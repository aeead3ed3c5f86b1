import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { ensureCertificate } from '../../src/certificate/ensure.ts';
import { issueAuthority } from '../../src/certificate/issue.ts';
import type { Paths } from '../../src/paths.ts';
import { createHome, type Home } from '../support/home.ts';
import { ENGINES } from '../support/listen.ts';
import { createProgramHome, type Daemon, runProgram, startDaemon } from '../support/program.ts';

const SECRET = { mode: 0o600 };
const TEN_YEARS_MS = 3_650 * 86_400_000;

const read = (file: string): string => readFileSync(file, 'utf8');

const snapshot = ({ certificates }: Paths): Record<string, string> =>
  Object.fromEntries(readdirSync(certificates).map((name) => [name, read(join(certificates, name))]));

/** The fingerprint of what the daemon shows, to a client that trusts our root alone. */
async function servedBy({ state, ca }: Daemon): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port: state.port, ca });
  await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
  const certificate = socket.getPeerX509Certificate();
  socket.destroy();
  return certificate?.fingerprint256 ?? '';
}

async function createWhole(engine: string): Promise<Home> {
  const home = await createProgramHome({ CLAUDE_SECURE_ENGINE: engine, CLAUDE_SECURE_CLAUDE: '/bin/echo' });
  await ensureCertificate(home.paths, { hostnames: [] });
  return home;
}

/** A file of another installation. */
async function foreign(file: 'authority' | 'identity'): Promise<string> {
  const { paths } = createHome();
  await ensureCertificate(paths, { hostnames: [] });
  return read(paths[file]);
}

describe.each(ENGINES)('the certificates of the daemon on %s', (engine) => {
  it('R4: a bad server certificate is replaced under the same root before anything is served', async () => {
    const home = await createWhole(engine);
    const { paths } = home;
    const { caBundle, authority } = { caBundle: read(paths.caBundle), authority: read(paths.authority) };
    const whole = read(paths.identity);
    const damaged = [
      '',
      '\0\xff junk',
      whole.slice(0, -30),
      read(paths.serverCertificate),
      await foreign('identity'),
    ];
    for (const text of damaged) {
      const before = new X509Certificate(read(paths.serverCertificate)).fingerprint256;
      writeFileSync(paths.identity, text, SECRET);
      const daemon = await startDaemon(home);
      const served = await servedBy(daemon);
      expect(served).not.toBe(before);
      expect(served).toBe(new X509Certificate(read(paths.serverCertificate)).fingerprint256);
      expect([read(paths.caBundle), read(paths.authority)]).toEqual([caBundle, authority]);
      daemon.running.kill('SIGTERM');
      expect((await daemon.running.ended).stderr).toBe('');
    }
  });

  it('R4: a bad authority is named with its cure and left as it is; nothing listens, and Claude starts', async () => {
    const home = await createWhole(engine);
    const { paths } = home;
    const whole = read(paths.authority);
    const expired = issueAuthority(['localhost'], new Date(Date.now() - TEN_YEARS_MS));
    const damaged = [undefined, '', 'junk\n', whole.slice(0, -30), expired, issueAuthority([], new Date())];
    for (const text of damaged) {
      if (text === undefined) rmSync(paths.authority);
      else writeFileSync(paths.authority, text, SECRET);
      const before = snapshot(paths);
      const [serve, launch] = await Promise.all([
        runProgram(home, ['serve']),
        runProgram(home, ['-p', 'hi']),
      ]);
      expect(serve).toMatchObject({ status: 1, stdout: '' });
      const [line, hint, ...more] = serve.stderr.trimEnd().split('\n');
      expect(line).toMatch(/^claude-secure: .*\(CERTIFICATE_UNUSABLE\)$/);
      expect(line).toContain(paths.authority);
      expect(hint).toContain(`mv "${paths.certificates}" "${paths.certificates}.old"`);
      expect(more).toEqual([]);
      expect(launch).toMatchObject({
        status: 0,
        stdout: expect.stringMatching(/^(?!.*--mcp-config).*-p hi/),
      });
      expect(launch.stderr).toContain(paths.authority);
      expect((await runProgram(home, ['status'])).status).toBe(3);
      expect(snapshot(paths)).toEqual(before);
    }
  });
});
