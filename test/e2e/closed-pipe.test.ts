import { describe, expect, it } from 'vitest';
import { ask } from '../support/oauth-client.ts';
import { createProgramHome, programCommand, startDaemon } from '../support/program.ts';
import { type Outcome, run } from '../support/run.ts';
import { waitFor } from '../support/wait-for.ts';

/** `<command> | <reader>`; prints how the command ended. */
const PIPE = 'set -o pipefail; reader=$1; shift; "$@" | $reader >/dev/null; echo $?';

const piped = (reader: string, args: readonly string[]): [string, ...string[]] => [
  'bash',
  '-c',
  PIPE,
  'bash',
  reader,
  ...programCommand(args),
];

const QUIET = { status: 0, stdout: '0\n', stderr: '' };

describe('a reader that goes away', () => {
  it.each(['help', 'completion bash', 'completion zsh', 'cert', 'status --json', 'logs'])(
    'ends `%s` quietly',
    async (line) => {
      const home = await createProgramHome({ CLAUDE_SECURE_LOG: 'debug' });
      await startDaemon(home);
      const command = piped('true', line.split(' '));
      expect(await run(command, { env: home.env, cwd: home.dir })).toMatchObject(QUIET);
    },
  );

  it('ends `logs -f` at the next line', async () => {
    const home = await createProgramHome();
    await startDaemon(home);
    let outcome: Outcome | undefined;
    void run(piped('head -n 1', ['logs', '-f']), { env: home.env, cwd: home.dir }).then((ended) => {
      outcome = ended;
    });
    const ended = await waitFor('its end', async () => {
      await ask(home, { path: '/oauth/authorize' });
      return outcome;
    });
    expect(ended).toMatchObject(QUIET);
  });
});
