import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { chooseEngine } from '../../src/server/choose.ts';

const DIST = fileURLToPath(new URL('../../dist', import.meta.url));
const GLIBC = "Error: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.38' not found (required by uws.node)";

/** What the built `chooseEngine` says where uWebSockets.js is missing, or fails with `error` when it is loaded. */
function chooseWhere(error: string | undefined, forced: string): Record<string, string> {
  const dir = mkdtempSync(join(tmpdir(), 'claude-secure-choose-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  cpSync(DIST, join(dir, 'dist'), { recursive: true });
  writeFileSync(join(dir, 'package.json'), '{"type":"module"}');
  if (error) {
    const module = join(dir, 'node_modules', 'uWebSockets.js');
    mkdirSync(module, { recursive: true });
    writeFileSync(join(module, 'index.js'), `throw new Error(${JSON.stringify(error)})`);
  }
  const script = `import('./dist/server/choose.js').then(async ({ chooseEngine }) => {
    const { name, reason, code, message } = await chooseEngine(${forced}).catch((failure) => failure);
    console.log(JSON.stringify({ name, reason, code, message }));
  })`;
  return JSON.parse(execFileSync(process.execPath, ['-e', script], { cwd: dir, encoding: 'utf8' }));
}

describe('chooseEngine', () => {
  it('takes uWebSockets.js where its binary loads, and says so', async () => {
    expect(await chooseEngine(undefined)).toMatchObject({
      name: 'uws',
      reason: `its binary loads on Node ${process.versions.node}`,
    });
  });

  it.each(['uws', 'https'] as const)('takes %s when the variable asks for it', async (name) => {
    expect(await chooseEngine(name)).toMatchObject({ name, reason: 'CLAUDE_SECURE_ENGINE asks for it' });
  });

  it.each([
    [undefined, 'uWebSockets.js is not installed'],
    ['no such file', `uWebSockets.js has no binary for Node ${process.versions.node} on this system`],
    [
      GLIBC,
      `uWebSockets.js has no binary for Node ${process.versions.node} on this system (GLIBC_2.38 not found)`,
    ],
  ])('falls back to node:https and names the cause; forced, it fails with it: %s', (error, reason) => {
    expect(chooseWhere(error, 'undefined')).toEqual({ name: 'https', reason });
    expect(chooseWhere(error, '"uws"')).toEqual({
      name: 'Failure',
      code: 'ENGINE_UNAVAILABLE',
      message: reason,
    });
  });
});
