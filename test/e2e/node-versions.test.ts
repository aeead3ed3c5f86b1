import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { claudes } from '../support/claudes.ts';
import { PROGRAM } from '../support/program.ts';
import { run } from '../support/run.ts';
import { ALLOW, createStory } from '../support/story.ts';

const clients = fileURLToPath(new URL('../clients/node_modules', import.meta.url));
const NODES = ['node22', 'node24'].map((name) => ({ name, node: `${clients}/${name}/bin/node` }));

describe.each(NODES)('on $name', ({ node }) => {
  it.each(claudes)(
    'the whole story works with Claude $version, and status names the engine and why',
    async (claude) => {
      const story = await createStory(claude);
      const secure = (...args: string[]) =>
        run([node, PROGRAM, ...args], { env: story.env, cwd: story.project });

      const first = await secure(ALLOW, '-p', 'what runs?');
      expect(first.stdout).toMatch(/^FINAL: .*"engine"/s);
      expect(first.status).toBe(0);
      // execve's ExperimentalWarning and the like would stand here.
      expect(first.stderr.trimEnd().split('\n')).toHaveLength(1);

      const second = await secure(ALLOW, '-p', 'what runs?');
      expect(second).toMatchObject({ status: 0, stderr: '' });

      const { engine, engineReason } = JSON.parse((await secure('status', '--json')).stdout);
      const { version } = JSON.parse(
        (await run([node, '-p', 'JSON.stringify({version:process.version})'], { env: story.env })).stdout,
      );
      expect(['uws', 'https']).toContain(engine);
      expect(engineReason).toContain(version.slice(1));
      expect((await secure('stop')).status).toBe(0);
    },
  );
});
