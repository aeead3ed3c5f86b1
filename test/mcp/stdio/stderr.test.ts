import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { waitFor } from '../../support/wait-for.ts';
import { createStdioHome, type StartOptions, start } from './start.ts';

async function linesOf(text: string, options: StartOptions = {}): Promise<unknown[]> {
  const { ended, log } = await start(['stderr-text', text], options);
  await waitFor('the end', () => ended.length > 0);
  return log.map(({ line }) => line);
}

describe('the stderr of a server', () => {
  it('stands in the log line by line, also what has no line end', async () => {
    const { ended, log } = await start(['stderr-text', 'one\r\n\ntwo ü\nthree']);
    await waitFor('the end', () => ended.length > 0);
    expect(log).toEqual(
      ['one', '', 'two ü', 'three'].map((line) => ({ event: 'upstream.stderr', upstream: 'fixture', line })),
    );
  });

  it('R54: past 120 lines a minute they are only counted', async () => {
    const { connection, log, result } = await start(['stderr', '10000']);
    connection.send({ jsonrpc: '2.0', id: 1, method: 'x', params: {} });
    await result(1);
    await connection.close();
    await waitFor('the count', () => log.at(-1)?.event === 'upstream.stderr.left-out');
    expect(log).toHaveLength(121);
    expect(log.at(119)).toMatchObject({ event: 'upstream.stderr', line: 'line 119' });
    expect(log.at(-1)).toEqual({ event: 'upstream.stderr.left-out', upstream: 'fixture', count: 9_880 });
  });

  it('a line that is too long is cut', async () => {
    expect(await linesOf(`${'x'.repeat(100_000)}\nnext`)).toEqual(['x'.repeat(4_096), 'next']);
  });

  it('R55: shows no value that was configured, wherever it came from', async () => {
    const home = createStdioHome();
    const envFile = join(home.dir, 'server.env');
    writeFileSync(envFile, 'FILE_KEY=file-canary\nPEM="first-canary\nsecond-canary"', { mode: 0o600 });
    const options = {
      home,
      env: { OUTER: 'outer-canary' },
      definition: {
        envFile,
        env: { KEY: 'own-canary', LONG: 'own-canary-long', REF: '${OUTER}', PORT: '80' },
      },
    };
    const text = 'a=file-canary\nfirst-canary\nsecond-canary\nown-canary-long own-canary\nouter-canary 80';
    expect(await linesOf(text, options)).toEqual([
      'a=[redacted]',
      '[redacted]',
      '[redacted]',
      '[redacted] [redacted]',
      '[redacted] 80',
    ]);
  });

  it('R55: nor a part of one that the cut went through', async () => {
    const definition = { env: { KEY: 'canary-canary', FILL: 'f'.repeat(4_000) } };
    const [line] = await linesOf(`${'f'.repeat(4_000)}${'x'.repeat(90)}canary-canary`, { definition });
    expect(line).not.toContain('canar');
  });
});
