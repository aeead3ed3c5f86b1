import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { UpstreamReport } from '../../src/control.ts';
import { claudes } from '../support/claudes.ts';
import { allow, createStory, type Story } from '../support/story.ts';
import { UPSTREAMS } from '../support/upstreams.ts';
import { waitFor } from '../support/wait-for.ts';

const { command, args } = UPSTREAMS.memory;
const ADD = ['upstream', 'add', 'memory', '--', command, ...args];
const TOOL = 'mcp__memory__read_graph';
const PROMPT = [allow(TOOL), '-p', 'what do you remember?'];
const REMEMBERS = /^FINAL: .*"entities":\[\]/s;

async function readReport(story: Story): Promise<UpstreamReport> {
  const { stdout } = await story.secure(['upstream', 'list', '--json']);
  return JSON.parse(stdout).upstreams[0];
}

describe.each(claudes)('an upstream in Claude $version', (claude) => {
  it('is added by one command and called over HTTPS, in two terminals at once, from one process', async () => {
    const story = await createStory(claude, { tool: TOOL });
    const added = await story.secure(ADD);
    expect([added.status, added.stderr]).toEqual([0, '']);
    expect(added.stdout).toContain('mcp__memory__');

    const first = await story.secure(PROMPT);
    expect(first.stdout).toMatch(REMEMBERS);
    const before = await readReport(story);
    expect(before).toMatchObject({ name: 'memory', state: 'running', restarts: 0 });

    const terminals = await Promise.all([story.secure(PROMPT), story.secure(PROMPT)]);
    for (const { stdout, stderr } of terminals)
      expect([stdout, stderr]).toEqual([expect.stringMatching(REMEMBERS), '']);
    const after = await readReport(story);
    expect(after.processes).toEqual(before.processes);
    expect(after.processes).toHaveLength(1);
  });

  it('comes back by itself when it was killed', async () => {
    const story = await createStory(claude, { tool: TOOL });
    await story.secure(ADD);
    await story.secure(PROMPT);
    const [killed] = (await readReport(story)).processes;
    process.kill(killed?.pid as number, 'SIGKILL');
    await waitFor('the end to be noticed', async () => (await readReport(story)).lastError);
    expect((await story.secure(PROMPT)).stdout).toMatch(REMEMBERS);
    const { processes, restarts, lastError } = await readReport(story);
    expect([processes.length, restarts, lastError]).toEqual([1, 1, 'was ended by SIGKILL']);
    expect(processes[0]?.pid).not.toBe(killed?.pid);
  });

  it('is spoken to in the newest revision that this Claude knows', async () => {
    const story = await createStory(claude, { tool: TOOL });
    await story.secure(ADD);
    await story.secure(PROMPT);
    const lines = readFileSync(story.home.paths.daemonLog, 'utf8').trim().split('\n');
    const spoken = lines
      .map((line) => JSON.parse(line))
      .filter(({ event, server }) => /^mcp\.(session\.opened|stateless)/.test(event) && server === 'memory');
    const revision = claude.version === '2.1.330' ? '2026-07-28' : '2025-11-25';
    expect(new Set(spoken.map(({ version }) => version))).toEqual(new Set([revision]));
  });
});
