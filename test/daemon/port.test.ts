import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { describeHolder } from '../../src/daemon/holder.ts';
import { candidatePorts, keepPort, readStoredPort } from '../../src/daemon/port.ts';
import { portTaken } from '../../src/daemon/port-taken.ts';
import { isOlder } from '../../src/daemon/version-order.ts';
import { createHome } from '../support/home.ts';
import { startAsNobody } from '../support/other-account.ts';
import { freePort } from '../support/program.ts';
import { run } from '../support/run.ts';
import { waitFor } from '../support/wait-for.ts';
import { startStranger } from './stranger.ts';

const HOLDER = fileURLToPath(new URL('../../dist/daemon/holder.js', import.meta.url));
const FIRST_RUN = Array.from({ length: 10 }, (_, index) => 8_443 + index);

describe('candidatePorts', () => {
  it.each([
    ['a first start', undefined, undefined, FIRST_RUN],
    ['a kept port', undefined, 8_445, [8_445]],
    ['an asked one', 9_000, undefined, [9_000]],
    ['an asked one beside a kept one', 9_000, 8_445, [9_000]],
    ['any free one', 0, undefined, [0]],
    ['any free one, kept', 0, 8_445, [8_445]],
  ])('%s', (_, asked, stored, expected) => {
    expect(candidatePorts(asked, stored)).toEqual(expected);
  });
});

describe('the kept port', () => {
  it('is the first one, until another is asked for', () => {
    const file = { port: `${createHome().dir}/port` };
    expect(readStoredPort(file)).toBeUndefined();
    expect(keepPort(file, 8_444, undefined)).toBe(8_444);
    expect(keepPort(file, 8_445, undefined)).toBe(8_444);
    expect(keepPort(file, 9_000, 9_000)).toBe(9_000);
    expect(readStoredPort(file)).toBe(9_000);
    writeFileSync(file.port, 'garbled');
    expect(keepPort(file, 8_446, undefined)).toBe(8_446);
    expect(readStoredPort(file)).toBe(8_446);
  });

  it.each(['', '0', '70000', '-1', '8443;rm', '0x1f', '1e3', 'NaN', '\0'])(
    'garbled as %j is none',
    (text) => {
      const file = { port: `${createHome().dir}/port` };
      writeFileSync(file.port, text, { mode: 0o600 });
      expect(readStoredPort(file)).toBeUndefined();
    },
  );
});

describe('portTaken', () => {
  it('does not invent a program on a port that the system keeps for itself', () => {
    const { paths } = createHome();
    // tcpmux: nobody listens there.
    const { message, hint } = portTaken(paths, { port: 1 });
    expect(message).not.toContain('another program');
    expect(hint).toContain('CLAUDE_SECURE_PORT');
  });
});

describe('describeHolder', () => {
  it('R7: names the program, its pid and its account', async () => {
    const { port } = await startStranger({});
    expect(describeHolder(port)).toMatch(
      new RegExp(`^\\S.* \\(pid ${process.pid}, uid ${process.getuid?.()}\\)$`),
    );
  });

  it('R7: names the account alone when the process is not ours to see', async () => {
    const { port } = await startStranger({});
    const script = `const { describeHolder } = await import(${JSON.stringify(HOLDER)});
      process.stdout.write(describeHolder(${port}));`;
    const node = [process.execPath, '--input-type=module', '-e', script];
    const nobody = ['--reuid=65534', '--regid=65534', '--clear-groups'];
    const { stdout } = await run(['setpriv', ...nobody, ...node], { env: { PATH: process.env.PATH } });
    expect(stdout).toBe(`a process of uid ${process.getuid?.()}`);
    expect(spawnSync('setpriv', ['--version']).status).toBe(0);
  });

  it('R7: names who has the port on 127.0.0.1, whoever has it on another address', async () => {
    const { port } = await startStranger({});
    const command = [
      process.execPath,
      '-e',
      `require('net').createServer().listen(${port}, '127.0.0.2', console.log)`,
    ];
    const elsewhere = startAsNobody(command);
    await waitFor('the other', () => elsewhere.output.stdout !== '');
    expect(describeHolder(port)).toContain(`(pid ${process.pid}, `);
  });

  it('knows nobody on a free port', async () => {
    expect(describeHolder(await freePort())).toBeUndefined();
  });
});

describe('isOlder', () => {
  it.each([
    ['0.1.0', '0.1.0', false],
    ['0.1.0', '0.1.1', true],
    ['0.9.0', '0.10.0', true],
    ['0.10.0', '0.9.9', false],
    ['1.0.0', '0.99.99', false],
    ['1.0.0-rc.1', '1.0.0', false],
    ['1.2.3+build.5', '1.2.4', true],
    ['garbage', '0.1.0', false],
  ])('%s before %s: %s', (a, b, expected) => {
    expect(isOlder(a, b)).toBe(expected);
  });
});
