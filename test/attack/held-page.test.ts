import { describe, expect, it } from 'vitest';
import { answerOf, newVerifier, openPage, register } from '../oauth/flow.ts';
import { ENGINES } from '../support/listen.ts';
import { openTls } from '../support/raw-tls.ts';
import { waitFor } from '../support/wait-for.ts';
import { useTarget } from './target.ts';

describe.each(ENGINES)('a page that waits, on %s', (engine) => {
  const target = useTarget(engine);
  const open = async () => openPage(target(), await register(target()), newVerifier());
  const connections = async () => (await target().control('status', {})).connections;

  /** Asks for the answer. In one segment with another request: when that is answered, this one is being held. */
  async function hold(path: string) {
    const socket = await openTls({ port: target().daemon.state.port, ca: target().daemon.ca });
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    const get = (what: string) => `GET ${what} HTTP/1.1\r\nHost: ${new URL(target().issuer).host}\r\n\r\n`;
    socket.write(get('/health') + get(path));
    const answers = () => text.split('HTTP/1.1 ').slice(1);
    await waitFor('the first answer', () => answers().length > 0);
    return { socket, answers, answered: () => waitFor('the answer', () => answers()[1]) };
  }

  it('R26: its request is held until the owner has answered, and then gets that answer', async () => {
    const [yes, no] = [await open(), await open()];
    const [approved, denied] = [await hold(yes.target), await hold(no.target)];
    await target().resolve(no.matchCode, false);
    expect(await denied.answered()).toMatch(/^303 .*\r\nlocation: [^\r]*\?error=access_denied&/is);
    expect(approved.answers()).toHaveLength(1);
    await target().resolve(yes.matchCode, true);
    expect(await approved.answered()).toMatch(/^303 .*\r\nlocation: [^\r]*\?code=[\w-]{43}&/is);
  });

  it('R21, R26: whoever leaves takes no answer along: it is kept for who asks next', async () => {
    const page = await open();
    const before = await connections();
    const { socket } = await hold(page.target);
    socket.destroy();
    await waitFor('the daemon to notice', async () => (await connections()) <= before);
    await target().resolve(page.matchCode, true);
    expect(answerOf(await target().request({ path: page.target })).has('code')).toBe(true);
  });

  it('R26: it keeps no daemon from ending, and is told', async () => {
    const { answered } = await hold((await open()).target);
    await target().restart();
    const answer = await answered();
    expect(answer).toMatch(/^400 /);
    expect(answer).toContain('This request is no longer open: it was answered, withdrawn or took too long');
  });
});
