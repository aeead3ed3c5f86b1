import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { watchUpstreamsFile } from '../../src/server/upstreams-file.ts';
import { createHome } from '../support/home.ts';

const ignore = (): void => undefined;
const log = { error: ignore, info: ignore, debug: ignore, close: ignore };

it('a link that leads to itself is a file that cannot be used, and no end of the daemon', () => {
  const file = join(createHome().dir, 'upstreams.json');
  const { refresh, problem } = watchUpstreamsFile(file, { define: ignore, log });
  symlinkSync(file, file);
  refresh();
  expect(problem()).toBe(`${file} is a symbolic link`);
});
