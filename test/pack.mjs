/**
 * `npm run test:pack`: what the registry would get. Packs, looks into the tarball, installs it in an empty
 * folder without development dependencies, and tells the first-run story with a no-op in place of claude.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

const ALLOWED =
  /^(bin\/[\w-]+\.js|dist\/[\w/-]+\.js|completions\/[\w.-]+|package\.json|LICENSE|[A-Z-]+(\.ja)?\.md)$/;
const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/]{20}/;
const NO_OP_EXIT = 7;

const repository = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'claude-secure-pack-'));
const app = join(folder, 'app');
const clone = join(folder, 'clone');
const noOp = join(folder, 'no-op');
const installed = join(app, 'node_modules/claude-secure');

const npm = (args, cwd) =>
  execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

function pack() {
  npm(['run', 'build'], repository);
  const output = npm(['pack', '--json', '--ignore-scripts', '--pack-destination', folder], repository);
  const [{ filename, files }] = JSON.parse(output);
  return { tarball: join(folder, filename), names: files.map(({ path }) => path) };
}

function checkContents(names) {
  assert.deepEqual(
    names.filter((name) => !ALLOWED.test(name)),
    [],
    'a file that does not belong into the package',
  );
  for (const name of names.filter((path) => path.startsWith('dist/'))) {
    const source = join(repository, name.replace(/^dist(.*)\.js$/, 'src$1.ts'));
    assert.ok(existsSync(source), `${name} is left over from an older build: remove dist`);
  }
  for (const name of names)
    assert.doesNotMatch(readFileSync(join(repository, name), 'utf8'), PRIVATE_KEY, name);
  const { scripts } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'));
  for (const hook of ['preinstall', 'install', 'postinstall']) assert.equal(scripts[hook], undefined, hook);
}

async function lint(tarball) {
  const bytes = readFileSync(tarball);
  const archive = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  const { messages, pkg } = await publint({ pack: { tarball: archive }, strict: true });
  assert.deepEqual(
    messages.map((message) => formatMessage(message, pkg)),
    [],
    'publint',
  );
}

/** R61: nobody's install script has to run. */
const QUIETLY = ['--omit=dev', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'];

function install(tarball) {
  for (const directory of [app, noOp]) mkdirSync(directory);
  writeFileSync(join(app, 'package.json'), '{ "private": true }\n');
  npm(['install', ...QUIETLY, tarball], app);
  writeFileSync(join(noOp, 'claude'), `#!/bin/sh\nexit ${NO_OP_EXIT}\n`);
  chmodSync(join(noOp, 'claude'), 0o755);
}

/** What a clone gets by the hashes of the lockfile, without the native engine. */
function installClone() {
  mkdirSync(clone);
  for (const name of ['package.json', 'package-lock.json', 'bin', 'dist'])
    cpSync(join(repository, name), join(clone, name), { recursive: true });
  npm(['ci', '--omit=optional', ...QUIETLY], clone);
  const bin = join(clone, 'node_modules', '.bin');
  mkdirSync(bin, { recursive: true });
  symlinkSync(join(clone, 'bin/claude-secure.js'), join(bin, 'claude-secure'));
}

/** Runs the command that is installed there; checks its exit code and gives back stdout. */
function claudeSecure(where, home, args, expected) {
  const env = {
    HOME: home,
    PATH: [join(where, 'node_modules', '.bin'), noOp, process.env.PATH].join(delimiter),
    CLAUDE_SECURE_PORT: '0',
  };
  const { status, stdout, stderr } = spawnSync('claude-secure', args, { env, encoding: 'utf8', cwd: home });
  assert.equal(status, expected, `claude-secure ${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** From an empty home to nothing running, with one launch in between. */
function firstRun(where, expectedEngine) {
  const home = mkdtempSync(join(folder, 'home-'));
  claudeSecure(where, home, ['status'], 3);
  try {
    assert.equal(
      claudeSecure(where, home, ['a prompt'], NO_OP_EXIT),
      '',
      'a launch prints nothing on stdout',
    );
    const { state, engine } = JSON.parse(claudeSecure(where, home, ['status', '--json'], 0));
    assert.equal(state, 'running');
    if (expectedEngine) assert.equal(engine, expectedEngine);
    console.log(`pack: a first run works on the ${engine} engine`);
  } finally {
    claudeSecure(where, home, ['stop'], 0);
  }
  claudeSecure(where, home, ['status'], 3);
  assert.deepEqual(readdirSync(home), ['.config'], 'nothing but our own directory in the home');
  assert.deepEqual(readdirSync(join(home, '.config')), ['claude-secure']);
}

function answers() {
  const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'));
  assert.equal(claudeSecure(app, app, ['version'], 0), `claude-secure ${version}\n`);
  const shipped = readFileSync(join(installed, 'completions/claude-secure.bash'), 'utf8');
  assert.equal(claudeSecure(app, app, ['completion', 'bash'], 0), shipped);
}

try {
  const { tarball, names } = pack();
  checkContents(names);
  await lint(tarball);
  console.log(`pack: ${names.length} files, nothing foreign, publint content`);
  install(tarball);
  answers();
  firstRun(app);
  installClone();
  firstRun(clone, 'https');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
