import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { trust } from '../mcp/trusted-fetch.ts';
import type { Home } from '../support/home.ts';
import { openSession } from '../support/mcp-session.ts';
import { mintToken, refresh, register, type SignedIn, signIn, useToken } from '../support/oauth-client.ts';
import { createProgramHome, readState, runProgram, startDaemon } from '../support/program.ts';
import { endProcessesOf } from '../support/run.ts';
import { lifeServer, writeServers } from '../support/upstreams.ts';
import { faultLine } from './line.ts';

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

/** What the owner and a launch see of it. */
async function expectTold(home: Home): Promise<void> {
  const headers = await runProgram(home, ['headers', 'code']);
  expect(headers).toMatchObject({ status: 1, stdout: '' });
  expect(headers.stderr).toContain('no space left');
  expect(headers.stderr).toContain('free some disk space');
  expect(await runProgram(home, ['status'])).toMatchObject({ status: 0, stderr: '' });
  const launch = await runProgram(home, ['-p', 'hi']);
  expect(launch).toMatchObject({ status: 0, stdout: expect.stringContaining('-p hi') });
  expect(launch.stderr).toContain('no space left');
  const before = readFileSync(home.paths.upstreams, 'utf8');
  const added = await runProgram(home, ['upstream', 'add', 'more', '--', process.execPath]);
  expect(added).toMatchObject({ status: 1, stdout: '', stderr: expect.stringContaining('no space left') });
  expect(readFileSync(home.paths.upstreams, 'utf8')).toBe(before);
}

faultLine(
  {
    number: 'L7',
    input: 'a disk of 2 MB that fills up under the daemon, and is freed',
    promised: '503, no token that is not kept; old state intact; sessions go on; works once there is room',
  },
  async (engine) => {
    const { home, fill, free } = await createSmallDisk(engine);
    writeServers(home, { life: lifeServer() });
    const { state, running, url, ca } = await startDaemon(home);
    trust(url, ca);
    const minted = await mintToken(home);
    const client = await signIn(home);
    const endpoint = { url: `${url}/mcp/life`, token: minted };
    const session = await openSession(endpoint);
    fill();

    const last = await refreshUntilFull(home, client);
    expect((await register(home)).status).toBe(503);
    await expectTold(home);
    expect(await useToken(home, last.accessToken)).toBe(200);
    expect(await session.call('echo', { a: 1 })).toEqual({ a: 1 });
    const unkept = await openSession(endpoint);
    expect(await unkept.call('report', { a: 2 })).toEqual({ a: 2 });

    free();
    expect(readState(home)?.instanceId, 'the same daemon, all along').toBe(state.instanceId);
    const { status, text } = await refresh(home, last);
    expect(status, 'what it promised last').toBe(200);
    expect((await register(home)).status).toBe(201);
    const kept = await openSession(endpoint);
    running.kill('SIGKILL');
    await running.ended;
    const launched = await mintToken(home);
    const tokens = JSON.parse(text);
    for (const token of [minted, launched, last.accessToken, tokens.access_token]) {
      expect(await useToken(home, token)).toBe(200);
    }
    expect((await refresh(home, { ...last, refreshToken: tokens.refresh_token })).status).toBe(200);
    for (const each of [session, kept]) expect(await each.call('echo', { a: 3 })).toEqual({ a: 3 });
    const lines = readFileSync(home.paths.daemonLog, 'utf8').trimEnd().split('\n');
    expect(lines.every((line) => typeof JSON.parse(line).event === 'string')).toBe(true);
    return [{ what: 'tokens, sessions, log', seen: 'as promised', held: true }];
  },
);
