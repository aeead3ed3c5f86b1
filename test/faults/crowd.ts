import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** Clients in a process of their own, so that they take nothing of the daemon's time but the machine's. */
export interface Crowd {
  /** Tells them something; their answer. */
  tell<T>(message: object): Promise<T>;
  /** They all leave at once. */
  leave(): Promise<void>;
}

/** Starts one of the programs in `test/fixtures/` that read and write a line of JSON each; gone with the test. */
export function startCrowd(program: string): Crowd {
  const file = fileURLToPath(new URL(`../fixtures/${program}.mjs`, import.meta.url));
  const child = spawn(process.execPath, [file], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  child.stdin.on('error', () => undefined);
  return {
    async tell(message) {
      child.stdin.write(`${JSON.stringify(message)}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`${program} has ended`);
      return JSON.parse(value);
    },
    async leave() {
      child.stdin.end();
      await ended;
    },
  };
}
