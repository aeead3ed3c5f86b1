import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Home } from '../support/home.ts';
import { mintToken, refresh, register, type SignedIn, signIn, useToken } from '../support/oauth-client.ts';
import { createProgramHome, readState, runProgram, startDaemon } from '../support/program.ts';
import { endProcessesOf } from '../support/run.ts';

const DISK_BYTES = 2_097_152;
/** A grant takes some hundred bytes, and less than a page of 4 KiB is left in the file that the store writes to. */
const MOST_GRANTS = 25;

interface SmallDisk {
  readonly home: Home;
  fill(): void;
  free(): void;
}

/** A home whose every file of ours lies on a disk of its own, which `fill` fills to the last page. */
async function createSmallDisk(engine: string): Promise<SmallDisk> {
  const home = await createProgramHome({ CLAUDE_SECURE_ENGINE: engine, CLAUDE_SECURE_CLAUDE: '/bin/echo' });
  const { root } = home.paths;
  mkdirSync(root, { recursive: true, mode: 0o700 });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES},mode=700`, 'none', root]);
  onTestFinished(async () => {
    await endProcessesOf(home.dir);
    execFileSync('umount', [root]);
  });
  const filler = join(root, 'filler');
  return {
    home,
    fill: () => expect(() => writeFileSync(filler, Buffer.alloc(DISK_BYTES))).toThrow('ENOSPC'),
    free: () => rmSync(filler),
  };
}

/** Refreshes until the daemon cannot keep another token; gives back the last that it promised. */
async function refreshUntilFull(home: Home, client: SignedIn): Promise<SignedIn> {
  let last = client;
  for (let count = 0; count < MOST_GRANTS; count++) {
    const { status, text } = await refresh(home, last);
    const answer = JSON.parse(text);
    if (status !== 200) {
      expect({ status, error: answer.error }).toEqual({ status: 503, error: 'temporarily_unavailable' });
      return last;
    }
    last = { ...last, accessToken: answer.access_token, refreshToken: answer.refresh_token };
  }
  throw new Error('the disk never filled up');
}

describe.each(['uws', 'https'])('L7: a disk that fills up under the daemon on %s', (engine) => {
  it('issues nothing that is not kept, serves what it has, and goes on once there is room', async () => {
    const { home, fill, free } = await createSmallDisk(engine);
    const { state, running } = await startDaemon(home);
    const minted = await mintToken(home);
    const client = await signIn(home);
    fill();

    const last = await refreshUntilFull(home, client);
    expect((await register(home)).status).toBe(503);
    const headers = await runProgram(home, ['headers', 'code']);
    expect(headers).toMatchObject({ status: 1, stdout: '' });
    expect(headers.stderr).toContain('no space left');
    expect(headers.stderr).toContain('free some disk space');
    expect(await useToken(home, last.accessToken)).toBe(200);
    expect(await useToken(home, minted)).toBe(200);
    expect(await runProgram(home, ['status'])).toMatchObject({ status: 0, stderr: '' });
    const launch = await runProgram(home, ['-p', 'hi']);
    expect(launch).toMatchObject({ status: 0, stdout: expect.stringContaining('-p hi') });
    expect(launch.stderr).toContain('no space left');

    free();
    expect(readState(home)?.instanceId, 'the same daemon, all along').toBe(state.instanceId);
    const { status, text } = await refresh(home, last);
    expect(status, 'what it promised last').toBe(200);
    expect((await register(home)).status).toBe(201);
    running.kill('SIGKILL');
    await running.ended;
    const launched = await mintToken(home);
    const tokens = JSON.parse(text);
    for (const token of [minted, launched, last.accessToken, tokens.access_token]) {
      expect(await useToken(home, token)).toBe(200);
    }
    expect((await refresh(home, { ...last, refreshToken: tokens.refresh_token })).status).toBe(200);
    const lines = readFileSync(home.paths.daemonLog, 'utf8').trimEnd().split('\n');
    expect(lines.every((line) => typeof JSON.parse(line).event === 'string')).toBe(true);
  });
});
