import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Home } from '../support/home.ts';
import { mintToken, signIn, useToken } from '../support/oauth-client.ts';
import { installVersion, OWN_VERSION } from '../support/other-version.ts';
import { createProgramHome, readState, runProgram } from '../support/program.ts';
import { openTls } from '../support/raw-tls.ts';
import { type Outcome, run } from '../support/run.ts';
import { waitFor } from '../support/wait-for.ts';

/** Installs the program under another version; gives back what launches it. */
function installLauncher(home: Home, version: string): () => Promise<Outcome> {
  const command = [process.execPath, installVersion(home, version), '-p', 'hi'] as const;
  return () => run(command, { env: home.env, cwd: home.dir });
}

describe.each(['uws', 'https'])('a daemon of another version, on %s', (engine) => {
  const createHome = (): Promise<Home> =>
    createProgramHome({ CLAUDE_SECURE_ENGINE: engine, CLAUDE_SECURE_CLAUDE: '/bin/echo' });

  it('an older one is replaced when idle: same port, silently, and every login lives on', async () => {
    const home = await createHome();
    await runProgram(home, ['-p', 'hi']);
    const { accessToken } = await signIn(home);
    await runProgram(home, ['stop']);
    await installLauncher(home, '0.0.9')();
    const before = readState(home);
    expect(before?.version).toBe('0.0.9');
    const launch = await runProgram(home, ['-p', 'hi']);
    expect(launch).toMatchObject({ status: 0, stderr: '', stdout: expect.stringContaining('--mcp-config') });
    expect(readState(home)).toMatchObject({ version: OWN_VERSION, port: before?.port });
    expect(await useToken(home, accessToken)).toBe(200);
  });

  it('an older one in use stays, is told of, and is replaced once nobody uses it', async () => {
    const home = await createHome();
    await installLauncher(home, '0.0.9')();
    const state = readState(home);
    const socket = await openTls({ port: state?.port ?? 0, ca: readFileSync(home.paths.caBundle, 'utf8') });
    const launch = await runProgram(home, ['-p', 'hi']);
    expect(launch).toMatchObject({ status: 0, stdout: expect.stringContaining('--mcp-config') });
    expect(launch.stderr.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/0\.0\.9.*claude-secure restart/),
    ]);
    expect(readState(home)?.pid).toBe(state?.pid);
    expect(await useToken(home, await mintToken(home))).toBe(200);
    socket.destroy();
    await waitFor('the replacement', async () => {
      await runProgram(home, ['-p', 'hi']);
      return readState(home)?.version === OWN_VERSION;
    });
  });

  it('a newer one is used as it is', async () => {
    const home = await createHome();
    await installLauncher(home, '9.9.9')();
    const state = readState(home);
    const launch = await runProgram(home, ['-p', 'hi']);
    expect(launch).toMatchObject({ status: 0, stderr: '', stdout: expect.stringContaining('--mcp-config') });
    expect(readState(home)).toEqual(state);
    expect(state?.version).toBe('9.9.9');
  });
});
