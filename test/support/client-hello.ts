import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';

const RECORD_HANDSHAKE = 0x16;
const CLIENT_HELLO = 1;

const sized = (bytes: number, body: Buffer): Buffer => {
  const length = Buffer.alloc(bytes);
  length.writeUIntBE(body.length, 0, bytes);
  return Buffer.concat([length, body]);
};
const extension = (type: number, body: string): Buffer =>
  Buffer.concat([Buffer.from([type >> 8, type & 0xff]), sized(2, Buffer.from(body, 'hex'))]);

// ECDHE-ECDSA with AES-GCM and ChaCha20, and AES-CBC for whoever speaks nothing newer.
const SUITES = Buffer.from('c02bc02ccca9c009c00a', 'hex');
const EXTENSIONS = Buffer.concat([
  extension(10, '0004001d0017'), // x25519, P-256
  extension(11, '0100'), // uncompressed points
  extension(13, '00020403'), // ECDSA with SHA-256
]);

export interface ClientHello {
  /** The newest version that the client claims to speak: 0x0301 for TLS 1.0. */
  readonly version: number;
  /** 0 is none, 1 is DEFLATE (RFC 3749). */
  readonly compressions: readonly number[];
}

/** A ClientHello as no library of today sends it (RFC 5246 7.4.1.2). */
export function clientHello({ version, compressions }: ClientHello): Buffer {
  const versionBytes = Buffer.from([version >> 8, version & 0xff]);
  const body = Buffer.concat([
    versionBytes,
    randomBytes(32),
    sized(1, Buffer.alloc(0)),
    sized(2, SUITES),
    sized(1, Buffer.from(compressions)),
    sized(2, EXTENSIONS),
  ]);
  const handshake = Buffer.concat([Buffer.from([CLIENT_HELLO]), sized(3, body)]);
  return Buffer.concat([Buffer.from([RECORD_HANDSHAKE, 3, 1]), sized(2, handshake)]);
}

/** Sends these bytes over TCP; the first that come back, or nothing if the server closes. */
export async function exchangeBytes(port: number, bytes: string | Buffer): Promise<Buffer> {
  const socket = connect({ host: '127.0.0.1', port });
  socket.on('error', () => undefined).write(bytes);
  const answer = await Promise.race([once(socket, 'data'), once(socket, 'close')]);
  socket.destroy();
  return Buffer.isBuffer(answer[0]) ? answer[0] : Buffer.alloc(0);
}
