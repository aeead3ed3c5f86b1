import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { claudes } from '../support/claudes.ts';
import { readState } from '../support/program.ts';
import { run } from '../support/run.ts';
import { ALLOW, createStory } from '../support/story.ts';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const PROMPT = [ALLOW, '-p', 'what runs?'];

describe.each(claudes)('claude-secure -p, Claude $version', (claude) => {
  it('from an empty home: Claude calls our tool over HTTPS; typed again, it reuses the daemon in silence', async () => {
    const story = await createStory(claude);

    const first = await story.secure(PROMPT);
    expect(first.stdout).toMatch(/^FINAL: .*"engine"/s);
    expect(first).toMatchObject({ status: 0, signal: null });
    expect(first.stderr.split('\n'), 'one line says what was made and where').toHaveLength(2);
    expect(first.stderr).toContain(story.home.paths.root);
    const daemon = readState(story.home);

    const second = await story.secure(PROMPT);
    expect(second.stdout).toMatch(/^FINAL: .*"engine"/s);
    expect(second.stderr).toBe('');
    expect(readState(story.home)?.instanceId).toBe(daemon?.instanceId);

    const status = await story.secure(['status', '--json']);
    expect(status.status).toBe(0);
    expect(JSON.parse(status.stdout)).toMatchObject({ pid: daemon?.pid, startedBy: { cwd: story.project } });
  });

  it("leaves stdout to Claude, and adds to the person's files nothing but our own directory", async () => {
    const story = await createStory(claude);
    const { stdout } = await story.secure([...PROMPT, '--output-format=json']);
    expect(JSON.parse(stdout)).toMatchObject({ type: 'result', subtype: 'success' });
    const claudes = ['.cache', '.claude', '.claude.json'];
    expect(readdirSync(story.home.dir).sort()).toEqual([...claudes, '.config', 'project', 'tmp']);
    expect(readdirSync(`${story.home.dir}/.cache`)).toEqual(['claude-cli-nodejs']);
    expect(readdirSync(`${story.home.dir}/.config`)).toEqual(['claude-secure']);
    expect(readdirSync(story.project)).toEqual([]);
    expect(readdirSync(`${story.home.dir}/.claude`)).not.toContain('settings.json');
  });

  it('R58: shows our server connected in `mcp list` and `mcp get`', async () => {
    const story = await createStory(claude);
    const list = await story.secure(['mcp', 'list']);
    expect(list.stdout).toMatch(/code: https:\/\/127\.0\.0\.1:\d+\/mcp .*✔ Connected/);
    const name = /(\S*code): https/.exec(list.stdout)?.[1] ?? 'code';
    const get = await story.secure(['mcp', 'get', name]);
    expect(get.stdout).toContain('✔ Connected');
    expect(get.status).toBe(0);
  });
});

describe('npm start in a clone', () => {
  it('finds the real claude behind the stub that npm leaves when install scripts are off', async () => {
    const story = await createStory(claudes[0]!);
    const { CLAUDE_SECURE_CLAUDE, ...env } = story.env;
    const command = ['npm', 'start', '--silent', '--', ...PROMPT] as const;
    const outcome = await run([...command], { env, cwd: REPOSITORY });
    expect(outcome.stdout).toMatch(/^FINAL: .*"engine"/s);
    expect(outcome.status).toBe(0);
  });
});
