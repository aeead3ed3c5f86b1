import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { createHome } from '../support/home.ts';
import { run } from '../support/run.ts';

const DEMO = fileURLToPath(new URL('../demo.mjs', import.meta.url));

it('npm run demo: tool call, status, stop, and nothing is left behind', async () => {
  const home = createHome();
  const { status, stdout } = await run([process.execPath, DEMO], { env: home.env, cwd: home.dir });
  expect(stdout).toMatch(/FINAL: .*"engine".*\nrunning .*\nstopped/s);
  expect(status).toBe(0);
  expect(readdirSync(home.dir)).toEqual(['tmp']);
  expect(readdirSync(String(home.env.TMPDIR)).filter((name) => name.startsWith('claude-secure'))).toEqual([]);
});
