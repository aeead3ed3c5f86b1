import { limits } from '../../limits.ts';
import type { Connection, PeerEvents } from '../upstream.ts';
import type { Child } from './child.ts';
import { createLineReader } from './line-reader.ts';
import { createMessageReader } from './message-reader.ts';
import type { Redact } from './redactor.ts';
import type { UpstreamLog } from './upstream-log.ts';

/** What a program wrote before it ended is in the pipes: to read it takes much less, even on a busy machine. */
const DRAIN_MS = 200;
/** A program that ends closes its pipes just before. */
const EXIT_MS = 1_000;
const LINE_MIB = limits.upstreamLineBytes / 1_048_576;

export interface ConnectionOptions {
  readonly child: Child;
  readonly peer: PeerEvents;
  readonly upstreamLog: UpstreamLog;
  readonly redact: Redact;
}

/** The conversation with a child: messages both ways, its stderr to the log, and its end. */
export function openConnection({ child, peer, upstreamLog, redact }: ConnectionOptions): Connection {
  const { stdin, stdout, stderr } = child;
  let state: 'open' | 'failed' | 'closed' = 'open';
  let fault: string | undefined;

  /** Ends a child that cannot be talked with any more; `ended` follows when it is gone. */
  function fail(reason: string): void {
    if (state !== 'open') return;
    state = 'failed';
    fault = reason;
    child.kill();
  }

  function failUnlessItExits(reason: string): void {
    const timer = setTimeout(fail, EXIT_MS, reason);
    void child.exited.then(() => clearTimeout(timer));
  }

  async function finish(how: string): Promise<void> {
    await drain(child);
    // A process that left the group may hold the other ends for ever.
    for (const stream of [stdin, stdout, stderr]) stream.destroy();
    errorLines.end();
    upstreamLog.flush();
    if (state !== 'closed') peer.ended(fault ?? how);
    state = 'closed';
  }

  const read = createMessageReader({
    onMessage(message, bytes) {
      if (state === 'open') peer.deliver(message, { bytes });
    },
    onNoise: upstreamLog.noise,
    onFlood: upstreamLog.flood,
    onLongLine: () => fail(`sent a line of more than ${LINE_MIB} MiB`),
  });
  const errorLines = createLineReader({
    maxBytes: limits.upstreamStderrLineBytes,
    onLine: (line) => upstreamLog.stderr(redact(line.toString())),
    onLongLine: (beginning) => upstreamLog.stderr(redact(beginning.toString(), true)),
  });

  stdout.on('data', (chunk: Buffer) => {
    // Read on in any case: a program that is ending must not wait for us.
    if (state === 'open') read(chunk);
  });
  stdout.on('end', () => failUnlessItExits('closed its output'));
  stderr.on('data', errorLines.write);
  stdin.on('error', () => failUnlessItExits('closed its input'));
  for (const stream of [stdout, stderr]) stream.on('error', () => undefined);
  void child.exited.then(finish);

  return {
    pid: child.pid,
    send(message) {
      const line = Buffer.from(`${JSON.stringify(message)}\n`);
      if (state === 'open') {
        stdin.write(line);
        if (stdin.writableLength > limits.upstreamQueueBytes) fail('does not read its input');
      }
      return line.length - 1;
    },
    redact,
    isFull: () => stdin.writableLength > limits.upstreamQueueBytes / 2,
    close() {
      state = 'closed';
      return child.stop();
    },
  };
}

/** Resolves once both outputs have ended, or what stood in them has been read. */
function drain({ stdout, stderr }: Child): Promise<void> {
  return new Promise((resolve) => {
    // A timer that is late comes before the reading that is late too; `setImmediate` comes after it.
    const timer = setTimeout(() => setImmediate(resolve), DRAIN_MS);
    function onEnd(): void {
      if (!stdout.readableEnded || !stderr.readableEnded) return;
      clearTimeout(timer);
      resolve();
    }
    for (const stream of [stdout, stderr]) stream.once('end', onEnd);
    onEnd();
  });
}
