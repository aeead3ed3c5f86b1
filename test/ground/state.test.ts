import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseHealth } from '../../src/health.ts';
import { bootId, parseState, processStart } from '../../src/state.ts';
import { HOSTILE_STATES, WHOLE_STATE } from '../support/hostile-states.ts';
import { waitFor } from '../support/wait-for.ts';

describe('parseState', () => {
  it('reads a whole state', () => {
    expect(parseState(JSON.stringify(WHOLE_STATE))).toEqual(WHOLE_STATE);
  });

  it.each(HOSTILE_STATES)('R11: %s is no state', (_, text) => {
    expect(parseState(text)).toBeUndefined();
  });

  it('R11: truncated at any byte it is no state', () => {
    const text = JSON.stringify(WHOLE_STATE);
    for (let length = 0; length < text.length; length++) {
      expect(parseState(text.slice(0, length))).toBeUndefined();
    }
  });

  it('R11: whatever JSON it is given, it throws nothing and lets no unsafe pid or port through', () => {
    const value = fc.oneof(fc.jsonValue(), fc.integer(), fc.double());
    const keys = fc.constantFrom('pid', 'port', 'startedBy', 'apiLevel', 'instanceId');
    fc.assert(
      fc.property(keys, value, (key, changed) => {
        const state = parseState(JSON.stringify({ ...WHOLE_STATE, [key]: changed }));
        if (!state) return;
        expect(state.pid).toBeGreaterThan(1);
        expect(state.port).toBeGreaterThan(0);
        expect(state.port).toBeLessThan(65_536);
      }),
    );
  });
});

describe('parseHealth', () => {
  const health = {
    name: 'claude-secure',
    version: '0.1.0',
    apiLevel: 1,
    instanceId: 'i',
    pid: 2,
    startedAt: '2026-01-01T00:00:00.000Z',
    engine: 'uws',
  } as const;

  it('reads an answer of ours, with members that a later version adds', () => {
    expect(parseHealth(JSON.stringify({ ...health, status: 'ok' }))).toMatchObject(health);
  });

  it.each([
    '',
    'OK',
    'null',
    '[]',
    '{}',
    '<html>',
    ...Object.keys(health).map((key) => JSON.stringify({ ...health, [key]: undefined })),
    JSON.stringify({ ...health, name: 'nginx' }),
    JSON.stringify({ ...health, pid: -1 }),
    JSON.stringify({ ...health, pid: 1 }),
    JSON.stringify({ ...health, engine: 'bun' }),
  ])('R9: %s is not our daemon', (text) => {
    expect(parseHealth(text)).toBeUndefined();
  });
});

describe('processStart', () => {
  it('R11: tells one process from another that has its pid later, and is undefined once it has ended', async () => {
    const child = spawn('sleep', ['60']);
    const pid = child.pid ?? 0;
    const first = processStart(pid);
    expect(first).toMatch(/^\d+$/);
    expect(processStart(pid)).toBe(first);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(processStart(pid)).toBeUndefined();
  });

  it('a zombie has ended', async () => {
    // bash's child ends at once; bash became sleep, which never asks for it.
    const parent = spawn('bash', ['-c', 'true & echo $!; exec sleep 60']);
    const [line] = await once(parent.stdout, 'data');
    await waitFor('the zombie', () => processStart(Number(line)) === undefined);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
  });

  it('knows this boot', () => {
    expect(bootId()).toMatch(/^[0-9a-f-]{36}$/);
  });
});
