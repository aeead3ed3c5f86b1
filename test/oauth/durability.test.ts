import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Log } from '../../src/log.ts';
import { createAuthorizationServer } from '../../src/oauth/authorization-server.ts';
import { openStore } from '../../src/store/store.ts';
import { createHome } from '../support/home.ts';

const silent = (): void => undefined;
const log: Log = { error: silent, info: silent, debug: silent, close: silent };

describe('a full disk', () => {
  it('L7: no token is issued that is not durable, and all goes on once there is space', async () => {
    const { dir, paths } = createHome();
    const disk = join(dir, 'disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=700', 'tmpfs', disk]);
    onTestFinished(() => void execFileSync('umount', ['--lazy', disk]));
    const directory = join(disk, 'store');
    mkdirSync(paths.root, { recursive: true, mode: 0o700 });
    const open = async () => {
      const store = await openStore(directory, log);
      const issuer = 'https://127.0.0.1:1';
      const signingKeysFile = paths.signingKeys;
      const oauth = await createAuthorizationServer({
        issuer,
        hosts: [],
        records: store,
        signingKeysFile,
        log,
      });
      return { store, oauth };
    };
    const { store, oauth } = await open();
    await oauth.mint({ workspace: '/before', server: 'code' });
    const fill = join(disk, 'fill');
    expect(() => writeFileSync(fill, Buffer.alloc(1_048_576))).toThrow('ENOSPC');
    const workspace = `/refused/${'x'.repeat(8_000)}`;
    await expect(oauth.mint({ workspace, server: 'code' })).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(oauth.clients()[0]?.grants).toBe(1);
    rmSync(fill);
    await oauth.mint({ workspace: '/after', server: 'code' });
    await oauth.close();
    await store.close();
    const again = await open();
    expect(again.oauth.clients()[0]?.grants).toBe(2);
    await again.oauth.close();
    await again.store.close();
  });
});
