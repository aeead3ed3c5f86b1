import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createAuthority } from '../support/authority.ts';
import type { Home } from '../support/home.ts';
import { createProgramHome, runProgram } from '../support/program.ts';
import { run } from '../support/run.ts';

/** Where systems, browsers and OpenSSL keep whom they trust. */
const STORES = ['/etc/ssl/certs', '/usr/local/share/ca-certificates', '/etc/pki'];
const SHELL_FILES = ['.bashrc', '.bash_profile', '.profile', '.zshrc', '.zshenv', '.config/fish/config.fish'];

/** The names of all files there, as one hash. */
function fingerprint(path: string): string {
  const hash = createHash('sha256');
  if (!existsSync(path)) return 'none';
  const files = readdirSync(path, { recursive: true, withFileTypes: true });
  for (const { parentPath, name } of files) hash.update(`${join(parentPath, name)}\n`);
  return hash.digest('hex');
}

const certutil = (home: Home, ...args: string[]) =>
  run(['certutil', ...args, '-d', `sql:${join(home.dir, '.pki/nssdb')}`], { env: home.env });

it('R6, R58: nothing is written to a trust store, a browser’s profile or a shell’s files, and no file but ours is made', async () => {
  const claude = '#!/bin/sh\nenv | grep -c NODE_EXTRA_CA_CERTS\n';
  const home = await createProgramHome();
  const env = { CLAUDE_SECURE_CLAUDE: join(home.dir, 'claude') };
  writeFileSync(env.CLAUDE_SECURE_CLAUDE, claude, { mode: 0o755 });
  mkdirSync(join(home.dir, '.pki/nssdb'), { recursive: true });
  mkdirSync(join(home.dir, '.config/fish'), { recursive: true });
  await certutil(home, '-N', '--empty-password');
  for (const name of SHELL_FILES) writeFileSync(join(home.dir, name), `# ${name}\n`);
  const corporate = createAuthority(home.dir, 'corporate').caFile;
  const before = { files: readdirSync(home.dir).sort(), stores: STORES.map(fingerprint) };
  const trusted = (await certutil(home, '-L')).stdout;

  const launch = await runProgram(home, ['-p', 'hi'], { env: { ...env, NODE_EXTRA_CA_CERTS: corporate } });
  expect(launch.stdout).toBe('1\n');
  for (const command of ['cert renew', 'restart', 'headers code', 'stop'])
    expect((await runProgram(home, command.split(' '), { env })).status, command).toBe(0);

  expect({ files: readdirSync(home.dir).sort(), stores: STORES.map(fingerprint) }).toEqual(before);
  expect((await certutil(home, '-L')).stdout).toBe(trusted);
  for (const name of SHELL_FILES) expect(readFileSync(join(home.dir, name), 'utf8')).toBe(`# ${name}\n`);
  expect(readdirSync(join(home.dir, '.config')).sort()).toEqual(['claude-secure', 'fish']);
  const bundles = readdirSync(home.paths.launch).filter((name) => name.endsWith('.pem'));
  expect(bundles).toHaveLength(1);
  const bundle = readFileSync(join(home.paths.launch, bundles[0] ?? ''), 'utf8');
  expect(bundle.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
  expect(bundle).not.toContain('PRIVATE KEY');
});

it('R6: a person who has turned TLS checks off is warned, and our own stay on', async () => {
  const home = await createProgramHome({ CLAUDE_SECURE_CLAUDE: '/bin/echo' });
  const off = { env: { NODE_TLS_REJECT_UNAUTHORIZED: '0' } };
  const launch = await runProgram(home, ['-p', 'hi'], off);
  expect(launch.stdout).toContain('--mcp-config');
  expect(launch.stderr).toContain('NODE_TLS_REJECT_UNAUTHORIZED=0 of ');
  expect(launch.stderr).toContain('turns off every TLS check in Claude');
});
