import { describe, expect, it } from 'vitest';
import { claudes } from '../support/claudes.ts';
import { programCommand, readState } from '../support/program.ts';
import { type Running, start } from '../support/run.ts';
import { ALLOW, createStory } from '../support/story.ts';
import { waitFor } from '../support/wait-for.ts';

const SESSION = [ALLOW, '-p', '--input-format=stream-json', '--output-format=stream-json', '--verbose'];

interface StreamEvent {
  type: string;
  result?: string;
}

/** Says a line in a session and waits for Claude's last word on it. */
async function say(session: Running, text: string): Promise<string | undefined> {
  const results = (): StreamEvent[] =>
    session.output.stdout
      .split('\n')
      .slice(0, -1)
      .map((line): StreamEvent => JSON.parse(line))
      .filter(({ type }) => type === 'result');
  const before = results().length;
  const message = { type: 'user', message: { role: 'user', content: [{ type: 'text', text }] } };
  session.write(`${JSON.stringify(message)}\n`);
  return (await waitFor(`an answer to ${text}`, () => results()[before], 30_000)).result;
}

describe.each(claudes)('a daemon killed in mid-session, Claude $version', (claude) => {
  it('is started again by the session itself: the next tool call succeeds', async () => {
    const story = await createStory(claude);
    const session = start(programCommand(SESSION), { env: story.env, cwd: story.project });
    expect(await say(session, 'one')).toMatch(/^FINAL: .*"engine"/s);
    const killed = readState(story.home)!;

    process.kill(killed.pid, 'SIGKILL');
    expect(await say(session, 'two')).toMatch(/^FINAL: .*"engine"/s);
    const healed = readState(story.home)!;
    expect(healed.instanceId).not.toBe(killed.instanceId);
    expect(healed.port).toBe(killed.port);

    session.closeInput();
    expect(await session.ended).toMatchObject({ status: 0, signal: null });
  });
});
