import { duplexPair } from 'node:stream';
import { connect, TLSSocket } from 'node:tls';
import { Failure } from '../errors.ts';
import type { Authority } from './authority.ts';
import { covers, parseIdentity } from './identity.ts';

/** A TLS handshake in memory, between a server that has the identity and a client that has only the root. */
function shakeHands(identityPem: string, rootPem: string): Promise<void> {
  const [serverSide, clientSide] = duplexPair();
  const server = new TLSSocket(serverSide, { isServer: true, key: identityPem, cert: identityPem });
  return new Promise<void>((resolve, reject) => {
    // Said aloud, for NODE_TLS_REJECT_UNAUTHORIZED=0 in the person's environment would make this prove nothing.
    const verification = { ca: rootPem, servername: 'localhost', rejectUnauthorized: true };
    const client = connect({ socket: clientSide, ...verification }, resolve);
    client.on('error', reject);
    server.on('error', reject);
  }).finally(() => {
    serverSide.destroy();
    clientSide.destroy();
  });
}

/**
 * Proves a new identity before it replaces the one in use: key and chain belong together, every name is in it,
 * and a client that trusts only the root completes a handshake. Throws `CERTIFICATE_UNUSABLE`.
 */
export async function verifyIdentity(
  text: string,
  authority: Authority,
  names: readonly string[],
): Promise<void> {
  const identity = parseIdentity(text);
  const isWhole =
    identity?.leaf.checkPrivateKey(identity.key) &&
    identity.leaf.verify(authority.issuing.publicKey) &&
    names.every((name) => covers(identity.leaf, name));
  if (!isWhole) throw new Failure('CERTIFICATE_UNUSABLE', 'the new server certificate does not verify');
  try {
    await shakeHands(text, authority.rootPem);
  } catch (cause) {
    throw new Failure('CERTIFICATE_UNUSABLE', `the new server certificate is refused: ${String(cause)}`, {
      cause,
    });
  }
}
