import { writeFileSync } from 'node:fs';
import { expect, it, onTestFinished } from 'vitest';
import { bootId, processStart, type State } from '../../src/state.ts';
import { HOSTILE_STATES } from '../support/hostile-states.ts';
import { createProgramHome, readState, runProgram, startDaemon } from '../support/program.ts';
import { start } from '../support/run.ts';

const SECRET = { mode: 0o600 };
// The whole corpus runs on the function itself; here what kill(2) would take for a group, and the like.
const NAMES =
  /^(?:empty|a list|only a pid|pid -1|pid 0|pid 1|pid 1e309|a pid with a command|port 70000|NULs|deep nesting)$/;

it('R11: whatever state.json says, status says not running, stop signals nobody, and a launch starts our own', async () => {
  const home = await createProgramHome({ CLAUDE_SECURE_CLAUDE: '/bin/echo' });
  const { state, running } = await startDaemon(home);
  running.kill('SIGTERM');
  await running.ended;
  const bystander = start(['sleep', '600'], { env: { PATH: home.env.PATH }, cwd: '/' });
  onTestFinished(() => bystander.kill('SIGKILL'));
  const procStart = processStart(bystander.pid) ?? '';
  const lie = (changes: Partial<State>): string =>
    JSON.stringify({ ...state, pid: bystander.pid, procStart, bootId: bootId(), ...changes });
  const whole = lie({});
  const lies = [
    whole,
    lie({ bootId: 'another boot' }),
    lie({ procStart: '1' }),
    lie({ pid: process.pid }),
    lie({ port: 1 }),
    ...[1, 100, whole.length - 1].map((length) => whole.slice(0, length)),
    ...HOSTILE_STATES.filter(([name]) => NAMES.test(name)).map(([, text]) => text),
  ];
  expect(lies).toHaveLength(19);
  for (const text of lies) {
    writeFileSync(home.paths.state, text, SECRET);
    const ends = await Promise.all(['status', 'stop'].map((command) => runProgram(home, [command])));
    expect(
      ends.map(({ status }) => status),
      text.slice(0, 200),
    ).toEqual([3, 3]);
    expect(processStart(bystander.pid)).toBe(procStart);
  }
  writeFileSync(home.paths.state, whole, SECRET);
  expect((await runProgram(home, ['-p', 'hi'])).stdout).toContain('--mcp-config');
  expect(readState(home)?.pid).not.toBe(bystander.pid);
  expect((await runProgram(home, ['stop'])).status).toBe(0);
  expect(processStart(bystander.pid)).toBe(procStart);
});
