import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ensureDaemon } from '../../src/daemon/ensure.ts';
import { stopDaemon } from '../../src/daemon/stop.ts';
import { bootId, processStart } from '../../src/state.ts';
import { HOSTILE_STATES, WHOLE_STATE } from '../support/hostile-states.ts';
import { readState } from '../support/program.ts';
import { start } from '../support/run.ts';
import { createCredentials } from './credentials.ts';
import { createDaemonHome } from './home.ts';
import { answering, startStranger } from './stranger.ts';

const SECRET = { mode: 0o600 };

describe('stopDaemon', () => {
  it('returns once the process is gone; a second time there is none', async () => {
    const home = await createDaemonHome();
    const { health } = await ensureDaemon(home.ensureOptions());
    expect(await stopDaemon(home)).toBe('stopped');
    expect(processStart(health.pid)).toBeUndefined();
    expect(existsSync(home.paths.state)).toBe(false);
    expect(await stopDaemon(home)).toBe('not-running');
  });

  it.each(['deaf', 'immortal'])(
    'R11: ends a proven daemon that is %s, then removes its state',
    async (fault) => {
      const home = await createDaemonHome();
      const { health } = await ensureDaemon(home.ensureOptions({ DAEMON_FAULT: fault }));
      expect(await stopDaemon(home)).toBe('stopped');
      expect(processStart(health.pid)).toBeUndefined();
      expect(readState(home)).toBeUndefined();
    },
  );

  it('stops a busy one too: the owner asked', async () => {
    const home = await createDaemonHome();
    await ensureDaemon(home.ensureOptions({ DAEMON_FAULT: 'busy' }));
    expect(await stopDaemon(home)).toBe('stopped');
  });

  it('R11: signals no process that state.json merely names', async () => {
    const home = await createDaemonHome();
    const bystander = start(['sleep', '60'], { env: home.env });
    const { pid } = bystander;
    const exact = { ...WHOLE_STATE, pid, procStart: processStart(pid), bootId: bootId() };
    const states = [...HOSTILE_STATES.map(([, text]) => text), JSON.stringify(exact)];
    for (const text of states) {
      writeFileSync(home.paths.state, text, SECRET);
      expect(await stopDaemon(home)).toBe('not-running');
    }
    expect(processStart(pid)).toBe(exact.procStart);
  });

  it('R11: signals nothing when a stranger answers in the place of the daemon', async () => {
    const home = await createDaemonHome();
    const bystander = start(['sleep', '60'], { env: home.env });
    const { pid } = bystander;
    const stranger = await startStranger({ credentials: createCredentials() });
    const state = {
      ...WHOLE_STATE,
      pid,
      procStart: processStart(pid),
      bootId: bootId(),
      port: stranger.port,
    };
    writeFileSync(home.paths.state, JSON.stringify(state), SECRET);
    await expect(stopDaemon(home)).rejects.toMatchObject({
      code: 'DAEMON_UNHEALTHY',
      message: expect.stringContaining(`(pid ${process.pid}, `),
    });
    expect(processStart(pid)).toBe(state.procStart);
    expect(stranger.received()).toBe('');
  });

  it("R11: a pid in a verified answer that does not fit this machine's process is not signalled", async () => {
    const home = await createDaemonHome();
    const bystander = start(['sleep', '60'], { env: home.env });
    const { pid } = bystander;
    // As from within a container: our key, and a pid that here is somebody else's.
    const health = {
      name: 'claude-secure',
      version: '0.1.0',
      apiLevel: 1,
      instanceId: WHOLE_STATE.instanceId,
      pid,
      startedAt: WHOLE_STATE.startedAt,
      engine: 'https',
    };
    const authority = readFileSync(home.paths.authority, 'utf8');
    const stranger = await startStranger({
      credentials: createCredentials({ authority }),
      answer: (socket, text) => {
        const body = text.startsWith('GET') ? health : { stopping: true, busy: false };
        answering('200 OK', JSON.stringify(body))(socket);
        if (!text.startsWith('GET')) stranger.close();
      },
    });
    const state = { ...WHOLE_STATE, pid, procStart: '1', bootId: bootId(), port: stranger.port };
    writeFileSync(home.paths.state, JSON.stringify(state), SECRET);
    expect(await stopDaemon(home)).toBe('stopped');
    expect(processStart(pid)).toBeDefined();
  });

  it('forgets failed starts: an owner who stops asks anew', async () => {
    const home = await createDaemonHome();
    const crash = home.ensureOptions({ DAEMON_FAULT: 'crash' });
    for (let attempt = 0; attempt < 5; attempt++) {
      await expect(ensureDaemon(crash)).rejects.toMatchObject({ code: 'DAEMON_START_FAILED' });
    }
    await expect(ensureDaemon(home.ensureOptions())).rejects.toThrow('again and again');
    expect(await stopDaemon(home)).toBe('not-running');
    expect((await ensureDaemon(home.ensureOptions())).started).toBe(true);
  });
});
