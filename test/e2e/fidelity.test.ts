import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { claudes } from '../support/claudes.ts';
import { PROGRAM, programCommand } from '../support/program.ts';
import { type Outcome, type RunOptions, run, start } from '../support/run.ts';
import { createStory, type Story } from '../support/story.ts';
import { waitFor } from '../support/wait-for.ts';

type Command = [string, ...string[]];

const NODE_24 = fileURLToPath(new URL('../clients/node_modules/node24/bin/node', import.meta.url));

/** Node 20 has no `process.execve`: there we stay behind as Claude's parent; on 24 we become Claude. */
const LAUNCHERS: { how: string; command: (args: readonly string[]) => Command }[] = [
  { how: 'spawned', command: programCommand },
  { how: 'in our place', command: (args) => [NODE_24, PROGRAM, ...args] },
];

const ENDINGS: { what: string; args: readonly string[]; input?: string }[] = [
  { what: 'success', args: ['-p', '--output-format=json', '--no-session-persistence'], input: 'from stdin' },
  { what: 'an unknown option', args: ['--no-such-option'] },
  { what: 'no prompt', args: ['-p'] },
  { what: 'a missing file', args: ['--mcp-config=/nonexistent.json', '-p', 'hi'] },
  { what: 'a verb that fails', args: ['mcp', 'get', 'no-such-server'] },
  { what: 'a version', args: ['--version'] },
];

/** Sends the signal once Claude has asked the API, which never answers. */
async function endBySignal(story: Story, command: Command, signal: NodeJS.Signals): Promise<Outcome> {
  const options: RunOptions = { env: story.env, cwd: story.project };
  const asked = (): number => story.api.requests.filter(({ url }) => url.startsWith('/v1/messages')).length;
  const before = asked();
  const running = start(command, options);
  running.closeInput();
  await waitFor('Claude to ask', () => asked() > before, 30_000);
  running.kill(signal);
  return running.ended;
}

describe.each(claudes)('R60: the end of Claude $version', (claude) => {
  describe.each(LAUNCHERS)('run $how', ({ command }) => {
    it.each(ENDINGS)('is the same as plain claude: $what', async ({ args, input }) => {
      const story = await createStory(claude);
      const options: RunOptions = { env: story.env, cwd: story.project, ...(input && { input }) };
      const plain = await run([claude.file, ...args], options);
      const ours = await run(command(args), options);
      expect({ status: ours.status, signal: ours.signal }).toEqual({
        status: plain.status,
        signal: plain.signal,
      });
      if (!args.includes('--output-format=json')) expect(ours.stdout).toBe(plain.stdout);
      else
        expect(Object.keys(JSON.parse(ours.stdout)).sort()).toEqual(
          Object.keys(JSON.parse(plain.stdout)).sort(),
        );
    });

    it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('is the same as plain claude: %s', async (signal) => {
      const story = await createStory(claude, { silent: true });
      const plain = await endBySignal(story, [claude.file, '-p', 'hi'], signal);
      const ours = await endBySignal(story, command(['-p', 'hi']), signal);
      expect({ ...ours, stderr: '' }).toEqual({ ...plain, stderr: '' });
    });
  });
});
