import { approveAsOwner } from '../support/control.ts';
import { refresh, signIn, useToken } from '../support/oauth-client.ts';
import { cpuSecondsOf } from '../support/processes.ts';
import { createProgramHome, readState, runProgram, startDaemon } from '../support/program.ts';
import { attachStrace } from '../support/strace.ts';
import { waitFor } from '../support/wait-for.ts';
import { faultLine } from './line.ts';

/** Two beats of the daemon, in which it looks at its own files. */
const FAILING_MS = 5_000;
const BUSY_SHARE = 0.2;
const ERRORS = ['EIO', 'EMFILE', 'EACCES'] as const;
const CALLS = 'open,openat,stat,lstat,newfstatat,statx,fstat';

faultLine(
  {
    number: 'L8',
    input: `${ERRORS.join(', ')} for 5 s from whatever a running daemon opens or looks at`,
    promised: 'tokens are served, what cannot be kept is 503, nothing ends or spins; all works afterwards',
  },
  async (engine) => {
    const home = await createProgramHome({ CLAUDE_SECURE_ENGINE: engine });
    const { state } = await startDaemon(home);
    let client = await signIn(home, approveAsOwner);
    const wrong: string[] = [];
    let busiest = 0;
    for (const error of ERRORS) {
      const detach = await attachStrace(state.pid, [
        '-e',
        `trace=${CALLS}`,
        '-e',
        `inject=${CALLS}:error=${error}`,
      ]);
      const used = cpuSecondsOf(state.pid);
      const begun = performance.now();
      const meanwhile = [await useToken(home, client.accessToken), (await refresh(home, client)).status];
      await waitFor('two beats', () => performance.now() - begun > FAILING_MS, 2 * FAILING_MS);
      busiest = Math.max(busiest, (cpuSecondsOf(state.pid) - used) / (FAILING_MS / 1_000));
      await detach();
      const answer = await refresh(home, client);
      const headers = await runProgram(home, ['headers', 'code']);
      const seen = [...meanwhile, answer.status, headers.status].join();
      if (seen !== '200,503,200,0') wrong.push(`${error}: ${seen} ${headers.stderr}`);
      const { access_token: accessToken, refresh_token: refreshToken } = JSON.parse(answer.text);
      client = { ...client, accessToken, refreshToken };
    }
    const isSame = readState(home)?.instanceId === state.instanceId;
    return [
      { what: 'wrong answers', seen: wrong.join('; ') || '0', held: wrong.length === 0 },
      { what: 'the same daemon', seen: String(isSame), held: isSame },
      { what: 'highest CPU', seen: `${Math.round(busiest * 100)} %`, held: busiest < BUSY_SHARE },
    ];
  },
);
