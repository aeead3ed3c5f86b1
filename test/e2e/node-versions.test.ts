import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { claudes } from '../support/claudes.ts';
import { createProgramHome, PROGRAM } from '../support/program.ts';
import { run, start } from '../support/run.ts';
import { ALLOW, createStory } from '../support/story.ts';
import { waitFor } from '../support/wait-for.ts';

const clients = fileURLToPath(new URL('../clients/node_modules', import.meta.url));
const NODES = ['node22', 'node24'].map((name) => ({ name, node: `${clients}/${name}/bin/node` }));

/** The binaries for Node 22 and later want glibc 2.38. */
const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
const isOldSystem = Number(header.glibcVersionRuntime?.split('.')[1]) < 38;

describe.each(NODES)('on $name', ({ node }) => {
  it.runIf(isOldSystem)(
    'R61: what no binary loads on is said in one line, and https takes over unless it may not',
    async () => {
      const home = await createProgramHome();
      const env = { ...home.env, CLAUDE_SECURE_ENGINE: 'uws' };
      const version = (await run([node, '-p', 'process.versions.node'], { env })).stdout.trim();
      const why = `uWebSockets.js has no binary for Node ${version} on this system (GLIBC_2.38 not found)`;
      const forced = await run([node, PROGRAM, 'serve'], { env, cwd: home.dir });
      expect(forced).toMatchObject({ status: 1, stdout: '' });
      expect(forced.stderr).toBe(
        `claude-secure: ${why} (ENGINE_UNAVAILABLE)\n  hint: unset CLAUDE_SECURE_ENGINE to use node:https\n`,
      );
      const running = start([node, PROGRAM, 'serve'], { env: home.env, cwd: home.dir });
      await waitFor('the daemon', () => running.output.stdout.includes('engine '), 30_000);
      expect(running.output.stdout).toContain(`engine https: ${why}\n`);
      const status = await run([node, PROGRAM, 'status'], { env: home.env, cwd: home.dir });
      expect(status.stdout).toContain(`engine      https: ${why}\n`);
    },
  );

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
