import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Log, LogFields } from '../../src/log.ts';
import { writeSequence } from '../../src/store/sequence.ts';
import { type Operation, openStore, type Store } from '../../src/store/store.ts';

const program = fileURLToPath(new URL('../fixtures/store.mjs', import.meta.url));

function createDirectory(): string {
  const parent = mkdtempSync(join(tmpdir(), 'claude-secure-store-'));
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }));
  return join(parent, 'store');
}

function createLog(): Log & { lines: { event: string; fields: LogFields | undefined }[] } {
  const lines: { event: string; fields: LogFields | undefined }[] = [];
  const silent = (): void => undefined;
  const error = (event: string, fields?: LogFields): void => void lines.push({ event, fields });
  return { lines, error, info: silent, debug: silent, close: silent };
}

async function open(directory: string, log: Log = createLog()): Promise<Store> {
  const store = await openStore(directory, log);
  onTestFinished(() => store.close());
  return store;
}

async function list(store: Store, prefix: string): Promise<(readonly [string, unknown])[]> {
  const found: (readonly [string, unknown])[] = [];
  for await (const entry of store.entries(prefix)) found.push(entry);
  return found;
}

const GRANTS = 8;

/** A store of grants, of which the fourth was revoked last. */
async function fill(directory: string): Promise<void> {
  const store = await openStore(directory, createLog());
  for (let index = 0; index < GRANTS; index++) {
    await store.batch([{ type: 'put', key: `grant/${index}`, value: { text: 'x'.repeat(50), index } }]);
  }
  await store.batch([{ type: 'del', key: 'grant/3' }]);
  await store.close();
}

describe('the store', () => {
  it('keeps what was put, deletes together with it, and lists one prefix in order', async () => {
    const directory = createDirectory();
    const store = await open(directory);
    await store.batch([
      { type: 'put', key: 'a/2', value: { x: '日本' } },
      { type: 'put', key: 'a/1', value: 1 },
      { type: 'put', key: 'ab', value: true },
      { type: 'put', key: 'b/1', value: false },
    ]);
    await store.batch([
      { type: 'del', key: 'a/1' },
      { type: 'put', key: 'a/3', value: [] },
    ]);
    expect(await store.get('a/2')).toEqual({ x: '日本' });
    expect(await store.get('a/1')).toBeUndefined();
    expect(await list(store, 'a/')).toEqual([
      ['a/2', { x: '日本' }],
      ['a/3', []],
    ]);
  });

  it('runs batches in the order they came, and close waits for them', async () => {
    const directory = createDirectory();
    const first = await openStore(directory, createLog());
    const writes = Array.from({ length: 50 }, (_, value) => first.batch([{ type: 'put', key: 'k', value }]));
    await first.close();
    await Promise.all(writes);
    expect(await (await open(directory)).get('k')).toBe(49);
  });

  it.each(['000', '022', '077'])('R3: is closed to other accounts under umask %s', async (umask) => {
    const directory = createDirectory();
    chmodSync(join(directory, '..'), 0o755);
    const child = startHolder(directory, umask);
    await once(child.stdout as NodeJS.ReadableStream, 'data');
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    const nobody = ['--reuid=65534', '--regid=65534', '--clear-groups'];
    for (const path of [directory, ...readdirSync(directory).map((name) => join(directory, name))]) {
      expect(() => execFileSync('setpriv', [...nobody, 'ls', path], { stdio: 'pipe' })).toThrow(
        'Permission denied',
      );
      expect(() => execFileSync('setpriv', [...nobody, 'cat', path], { stdio: 'pipe' })).toThrow(
        'Permission denied',
      );
    }
  });

  it('R3: under the umask of the daemon every file is 0600', async () => {
    const directory = createDirectory();
    await once(startHolder(directory, '077').stdout as NodeJS.ReadableStream, 'data');
    for (const name of readdirSync(directory)) {
      expect([name, statSync(join(directory, name)).mode & 0o777]).toEqual([name, 0o600]);
    }
  });

  it('R3: a directory open to others, or a link, is refused and left as it is', async () => {
    const directory = createDirectory();
    mkdirSync(directory, { mode: 0o700 });
    chmodSync(directory, 0o755);
    await expect(openStore(directory, createLog())).rejects.toMatchObject({ code: 'FILE_UNSAFE' });
    expect(statSync(directory).mode & 0o777).toBe(0o755);
    const link = `${directory}-link`;
    symlinkSync(directory, link);
    await expect(openStore(link, createLog())).rejects.toMatchObject({ code: 'FILE_UNSAFE' });
  });

  it('a store that another process holds is STORE_UNUSABLE, and stays whole', async () => {
    const directory = createDirectory();
    const holder = startHolder(directory, '077');
    await once(holder.stdout as NodeJS.ReadableStream, 'data');
    const failure = openStore(directory, createLog());
    await expect(failure).rejects.toMatchObject({ code: 'STORE_UNUSABLE' });
    await expect(failure).rejects.toThrow(`another process holds ${directory}`);
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    expect(await (await open(directory)).get('held')).toBe(true);
  });

  it.each(['write', 'unflushed'])(
    'L11: what was promised survives kill -9 in the middle (%s)',
    async (mode) => {
      const directory = createDirectory();
      const holder = startHolder(directory, '077', mode);
      let output = '';
      for await (const chunk of holder.stdout as NodeJS.ReadableStream) {
        output += chunk;
        if (output.split('\n').length > 40) holder.kill('SIGKILL');
      }
      const promised = output.split('\n').filter((line) => line.endsWith('.')).length;
      expect(promised).toBeGreaterThan(30);
      const log = createLog();
      const store = await open(directory, log);
      expect(log.lines).toEqual([]);
      expect((await list(store, 'n/')).length).toBeGreaterThanOrEqual(promised - 1);
    },
  );
});

const DAMAGE: readonly (readonly [string, RegExp, (bytes: Buffer, share: number) => Buffer])[] = [
  ['a flipped bit in', /\.log$/, flip],
  ['a truncation of', /\.log$/, truncate],
  ['a flipped bit in', /^MANIFEST/, flip],
  ['a truncation of', /^MANIFEST/, truncate],
  ['a flipped bit in', /^CURRENT$/, flip],
  ['a truncation of', /^CURRENT$/, truncate],
  ['zeros in', /\.log$/, (bytes) => Buffer.alloc(bytes.length)],
  ['garbage in', /^sequence$/, () => Buffer.from('x')],
];

function flip(bytes: Buffer, share: number): Buffer {
  const at = Math.floor(bytes.length * share);
  bytes[at] = (bytes[at] ?? 0) ^ 0x10;
  return bytes;
}

function truncate(bytes: Buffer, share: number): Buffer {
  return bytes.subarray(0, Math.floor(bytes.length * share));
}

describe('a damaged store', () => {
  it.each(DAMAGE)(
    'L10: %s %s: set aside and told, or nothing was lost; the revoked stays revoked',
    async (_, pattern, damage) => {
      for (const share of [0, 0.2, 0.5, 0.8, 0.97]) {
        const directory = createDirectory();
        await fill(directory);
        const name = readdirSync(directory).find((file) => pattern.test(file)) ?? '';
        const file = join(directory, name);
        writeFileSync(file, damage(readFileSync(file), share));
        const log = createLog();
        const store = await open(directory, log);
        const grants = await list(store, 'grant/');
        const aside = readdirSync(join(directory, '..')).filter((entry) =>
          entry.startsWith('store.corrupt-'),
        );
        expect([share, await store.get('grant/3')]).toEqual([share, undefined]);
        if (log.lines.length === 0) {
          expect([share, grants.length, aside]).toEqual([share, GRANTS - 1, []]);
        } else {
          expect(log.lines[0]?.event).toBe('store.corrupt');
          expect([share, grants.length, aside.length]).toEqual([share, 0, 1]);
          expect(String(log.lines[0]?.fields?.setAside)).toContain(aside[0]);
        }
        await store.batch([{ type: 'put', key: 'works', value: 1 }]);
      }
    },
  );

  it('L10: without its unflushed tail it is whole; without what was flushed behind one it is not', async () => {
    const directory = createDirectory();
    const put = (key: string): Operation[] => [{ type: 'put', key, value: 'x'.repeat(50) }];
    const first = await openStore(directory, createLog());
    const logFile = join(directory, readdirSync(directory).find((name) => name.endsWith('.log')) ?? '');
    await first.batch(put('a/flushed'));
    const flushedBytes = statSync(logFile).size;
    await first.batch(put('b/unflushed'), { flush: false });
    const unflushedBytes = statSync(logFile).size;
    await first.batch(put('c/flushed'));
    await first.close();

    const openCut = async (bytes: number, promised: number): Promise<[events: string[], keys: string[]]> => {
      const copy = join(createDirectory(), '..', 'copy');
      cpSync(directory, copy, { recursive: true });
      truncateSync(join(copy, basename(logFile)), bytes);
      await writeSequence(copy, promised);
      const log = createLog();
      const keys = (await list(await open(copy, log), '')).map(([key]) => key);
      return [log.lines.map(({ event }) => event), keys];
    };
    expect(await openCut(flushedBytes + 20, 1)).toEqual([[], ['a/flushed', '~sequence/1']]);
    expect(await openCut(unflushedBytes, 2)).toEqual([['store.corrupt'], []]);
  });

  it('L10: what was deleted in a damaged part of a long log is not back', async () => {
    for (const share of [0, 0.1, 0.3, 0.5, 0.7, 0.9]) {
      const directory = createDirectory();
      await fill(directory);
      const first = await openStore(directory, createLog());
      for (let index = 0; index < GRANTS; index++) {
        await first.batch([{ type: 'put', key: `unflushed/${index}`, value: 'x'.repeat(20_000) }], {
          flush: false,
        });
        await first.batch([{ type: 'del', key: `grant/${index}` }]);
      }
      await first.close();
      const file = join(directory, readdirSync(directory).find((name) => name.endsWith('.log')) ?? '');
      writeFileSync(file, flip(readFileSync(file), share));
      const log = createLog();
      expect([share, await list(await open(directory, log), 'grant/')]).toEqual([share, []]);
    }
  });

  it('L7: an unflushed batch that failed takes nothing with it that is flushed later', async () => {
    const disk = join(createDirectory(), '..');
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=700', 'tmpfs', disk]);
    onTestFinished(() => void execFileSync('umount', ['--lazy', disk]));
    const directory = join(disk, 'store');
    const first = await openStore(directory, createLog());
    const fill = join(disk, 'fill');
    expect(() => writeFileSync(fill, Buffer.alloc(1_048_576))).toThrow('ENOSPC');
    const value = 'x'.repeat(8_000);
    const failed = first.batch([{ type: 'put', key: 'failed', value }], { flush: false });
    await expect(failed).rejects.toMatchObject({ code: 'DISK_FULL' });
    rmSync(fill);
    await first.batch([{ type: 'put', key: 'later', value }], { flush: false });
    await first.batch([{ type: 'put', key: 'flushed', value }]);
    await first.close();
    const store = await open(directory);
    expect((await list(store, '')).map(([key]) => key)).toEqual(['flushed', 'later', '~sequence/1']);
  });

  it('L10: a value that is no JSON is damage too', async () => {
    const directory = createDirectory();
    await fill(directory);
    const { ClassicLevel } = await import('classic-level');
    const database = new ClassicLevel(directory);
    await database.put('grant/5', '{"text":');
    await database.close();
    const log = createLog();
    expect(await list(await open(directory, log), 'grant/')).toEqual([]);
    expect(log.lines.map(({ event }) => event)).toEqual(['store.corrupt']);
  });

  it('L10: a file in its place is refused, not replaced', async () => {
    const directory = createDirectory();
    writeFileSync(directory, 'precious');
    await expect(openStore(directory, createLog())).rejects.toMatchObject({ code: 'FILE_UNSAFE' });
    expect(readFileSync(directory, 'utf8')).toBe('precious');
  });
});

function startHolder(directory: string, umask: string, mode = 'hold'): ChildProcess {
  const child = spawn(process.execPath, [program, directory, umask, mode], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  return child;
}
