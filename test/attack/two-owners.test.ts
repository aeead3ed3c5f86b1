import { describe, expect, it } from 'vitest';
import { ENGINES } from '../support/listen.ts';
import { mintToken, useToken } from '../support/oauth-client.ts';
import { createHomeOfNobody, runAsNobody, startAsNobody } from '../support/other-account.ts';
import { isAlive } from '../support/processes.ts';
import { createProgramHome, freePort, programCommand, runProgram, startDaemon } from '../support/program.ts';
import { waitFor } from '../support/wait-for.ts';

describe.each(ENGINES)('two accounts, each with a claude-secure of its own, on %s', (engine) => {
  it('R9, R11: neither finds, ends or is believed by the daemon of the other', async () => {
    const home = await createProgramHome({ CLAUDE_SECURE_ENGINE: engine, CLAUDE_SECURE_CLAUDE: '/bin/echo' });
    const daemon = await startDaemon(home);
    const theirHome = createHomeOfNobody();
    const theirPort = await freePort();
    const env = {
      HOME: theirHome,
      CLAUDE_SECURE_PORT: String(theirPort),
      CLAUDE_SECURE_ENGINE: engine,
      CLAUDE_SECURE_CLAUDE: '/bin/echo',
    };
    const asThem = (...args: string[]) => runAsNobody(programCommand(args), env);

    const onOurs = { ...env, CLAUDE_SECURE_PORT: String(daemon.state.port) };
    expect((await runAsNobody(programCommand(['status']), onOurs)).status).toBe(3);
    const taken = await runAsNobody(programCommand(['serve']), onOurs);
    expect(taken.status).toBe(6);
    // Whose it is can be seen by everybody, which process it is cannot.
    expect(taken.stderr).toContain(`port ${daemon.state.port} is used by a process of uid 0 (PORT_TAKEN)`);
    expect(taken.stderr).toContain('CLAUDE_SECURE_PORT');

    const theirs = startAsNobody(programCommand(['serve']), env);
    await waitFor('their daemon', () => theirs.output.stdout.includes('listening'), 30_000);
    const theirToken = JSON.parse((await asThem('headers', 'code')).stdout).Authorization.slice(
      'Bearer '.length,
    );
    expect(await useToken(home, theirToken)).toBe(401);
    expect(await useToken(home, await mintToken(home))).toBe(200);
    expect((await asThem('stop')).status).toBe(0);
    expect((await theirs.ended).status).toBe(0);
    expect((await asThem('-p', 'hi')).stdout).toContain('--mcp-config');
    expect(isAlive(daemon.state.pid)).toBe(true);
    expect((await runProgram(home, ['stop'])).status).toBe(0);
    expect((await asThem('status')).status).toBe(0);
    expect((await asThem('stop')).status).toBe(0);
  });
});
