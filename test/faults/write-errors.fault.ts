import { readdirSync } from 'node:fs';
import { approveAsOwner } from '../support/control.ts';
import type { Home } from '../support/home.ts';
import { refresh, signIn, useToken } from '../support/oauth-client.ts';
import { createProgramHome, type Daemon, readState, startDaemon } from '../support/program.ts';
import { attachStrace, callText, faultAt, onCurrentLog, recordCalls } from '../support/strace.ts';
import { SINGLE_OPERATIONS } from './kill-operations.ts';
import { faultLine, LONG } from './line.ts';

const ERRORS = ['ENOSPC', 'EIO', 'EINTR'] as const;
/** Each call meets most of them in a long run, one of them in a short one. */
const STRIDE = LONG ? 2 : 4;

/** The owner's commands are told that it does not work now. */
function allowRefusal(error: unknown): void {
  if (!/: 503 \{"error":"temporarily_unavailable"/.test(String(error))) throw error;
}

/** kill -9, and the next one. */
async function restart(home: Home, { running }: Daemon): Promise<Daemon> {
  running.kill('SIGKILL');
  await running.ended;
  return startDaemon(home);
}

faultLine(
  {
    number: 'L7',
    input: `${ERRORS.join(', ')} at each write and fsync of what changes a login`,
    promised:
      'done or 503 temporarily_unavailable, never between; the next try works; all is there after kill -9',
    timeoutMs: 600_000,
  },
  async (engine) => {
    const home = await createProgramHome({ CLAUDE_SECURE_ENGINE: engine, UV_THREADPOOL_SIZE: '1' });
    let daemon = await startDaemon(home);
    const bystander = await signIn(home, approveAsOwner);
    const broken: string[] = [];
    let points = 0;
    for (const [name, prepare] of Object.entries(SINGLE_OPERATIONS)) {
      // The limits of registrations and failures begin anew with each daemon.
      daemon = await restart(home, daemon);
      const { pid, instanceId } = daemon.state;
      const calls = await recordCalls(home, pid, (await prepare(home)).act);
      const faults = calls
        .filter(({ file }) => file !== undefined)
        .flatMap((call) => ERRORS.map((error) => ({ call, error })));
      for (const { call, error } of faults.filter((_, index) => index % STRIDE === 0)) {
        const attempt = await prepare(home);
        const detach = await attachStrace(pid, faultAt(home, onCurrentLog(home, call), `error=${error}`));
        points++;
        try {
          await attempt.act().catch(allowRefusal).finally(detach);
          await attempt.check();
        } catch (problem) {
          broken.push(`${name}, ${error} at ${callText(call)}: ${problem}`);
        }
      }
      if (readState(home)?.instanceId !== instanceId) broken.push(`${name}: the daemon ended`);
    }
    await restart(home, daemon);
    const after = [await useToken(home, bystander.accessToken), (await refresh(home, bystander)).status];
    const aside = readdirSync(home.paths.root).filter((file) => file.includes('corrupt'));
    return [
      { what: 'failed at', seen: `${points} points`, held: points > 0 },
      { what: 'promises broken', seen: broken.join('; ') || '0', held: broken.length === 0 },
      { what: 'a bystander afterwards', seen: after.join(), held: after.join() === '200,200' },
      { what: 'stores set aside', seen: String(aside.length), held: aside.length === 0 },
    ];
  },
);
