import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import { onTestFinished } from 'vitest';

export interface Address {
  port: number;
  /** The roots to trust, as PEM. */
  ca: string;
  /** On Linux any of 127.0.0.0/8: each is a peer of its own. */
  localAddress?: string;
}

export interface RawRequest extends Address {
  /** Sent as they are: strings as Latin-1; several parts are flushed one after the other. */
  bytes: string | Uint8Array | readonly (string | Uint8Array)[];
  /** How long to listen for more, once something has come, before hanging up on a server that keeps the connection open. */
  quietMs?: number;
  /** How long to wait for the first byte. */
  patienceMs?: number;
  /** Whether each part waits for the answer to the one before. */
  inTurn?: boolean;
  /** Hang up as soon as this many answers have come. */
  answers?: number;
}

export interface RawAnswer {
  /** Every byte that came back, as Latin-1. */
  text: string;
  /** The status code of each answer in `text`. */
  statuses: number[];
  /** Who ended it: the server, or we after `quietMs` of silence. */
  closedBy: 'server' | 'us';
}

/** How long a busy machine may take to the first byte of an answer. */
const FIRST_BYTE_MS = 5_000;

/** An open TLS connection to the loopback server, torn down at the end of the test. */
export async function openTls({ port, ca, localAddress }: Address): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, ca, ...(localAddress && { localAddress }) });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'secureConnect');
  socket.setNoDelay(true);
  socket.on('error', () => {});
  return socket;
}

async function writeParts(socket: TLSSocket, parts: readonly (string | Uint8Array)[]): Promise<void> {
  for (const part of parts) {
    if (socket.destroyed) return;
    await new Promise((resolve) => {
      socket.once('close', resolve);
      socket.write(typeof part === 'string' ? Buffer.from(part, 'latin1') : part, () => {
        socket.off('close', resolve);
        // A turn of the event loop between the parts keeps them in records and segments of their own.
        setImmediate(resolve);
      });
    });
  }
}

/** Sends raw bytes over TLS and collects whatever comes back until either side is done. */
export async function sendRaw({
  bytes,
  quietMs = 1_000,
  patienceMs = FIRST_BYTE_MS,
  answers = Number.POSITIVE_INFINITY,
  inTurn = false,
  ...address
}: RawRequest): Promise<RawAnswer> {
  const socket = await openTls(address);
  const chunks: Buffer[] = [];
  const parts = Array.isArray(bytes) ? bytes : [bytes as string | Uint8Array];
  let sent = inTurn ? 1 : parts.length;
  return new Promise((resolve) => {
    let closedBy: RawAnswer['closedBy'] = 'server';
    const leave = (): void => {
      closedBy = 'us';
      socket.destroy();
    };
    let silence = setTimeout(leave, patienceMs);
    const collect = (): Omit<RawAnswer, 'closedBy'> => {
      const text = Buffer.concat(chunks).toString('latin1');
      return { text, statuses: [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => Number(match[1])) };
    };
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      clearTimeout(silence);
      silence = setTimeout(leave, quietMs);
      const { length } = collect().statuses;
      if (length >= answers) leave();
      else if (length === sent) void writeParts(socket, parts.slice(sent, ++sent));
    });
    socket.on('close', () => {
      clearTimeout(silence);
      resolve({ ...collect(), closedBy });
    });
    void writeParts(socket, parts.slice(0, sent)).then(() => silence.refresh());
  });
}
