import { checkEcho, echo, INITIALIZED, initialize } from './messages.mjs';
import { startProgram } from './processes.mjs';

/** A client with a server of its own on stdio, as Claude starts one for each session: what all others add to. */
export async function openStdio(upstream) {
  const { child, stop } = startProgram(upstream, { stdio: ['pipe', 'pipe', 'ignore'] });
  const waiting = new Map();
  let held = '';
  let lastId = 0;
  child.stdout.setEncoding('utf8').on('data', (text) => {
    const lines = (held + text).split('\n');
    held = lines.pop();
    for (const line of lines) take(JSON.parse(line));
  });

  function take(message) {
    waiting.get(message.id)?.(message);
    waiting.delete(message.id);
  }

  function ask(message) {
    const answered = new Promise((resolve) => waiting.set(message.id, resolve));
    child.stdin.write(`${JSON.stringify(message)}\n`);
    return answered;
  }

  await ask(initialize(0));
  child.stdin.write(`${JSON.stringify(INITIALIZED)}\n`);
  return {
    pid: child.pid,
    async call() {
      const id = ++lastId;
      const startedMs = performance.now();
      const message = await ask(echo(id));
      const ms = performance.now() - startedMs;
      checkEcho(id, message);
      return ms;
    },
    close: stop,
  };
}
