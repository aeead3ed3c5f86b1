import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  sign,
} from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Home } from './home.ts';

/** A row of `test/corpus/jwt.json`: what is other than in a good token. */
export interface ForgedToken {
  readonly what: string;
  /** Members that are other; `null` leaves one out. */
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>>;
  /** A pattern, and what stands in its place in the JSON. */
  readonly headerEdit?: readonly [string, string];
  readonly claimsEdit?: readonly [string, string];
  /** Who signs; the install's own key if nothing is said, as a thief would who has read it. */
  readonly key?: 'another' | 'public as a secret' | 'nothing' | 'ours, in DER';
  /** The token's text: `{h}`, `{c}` and `{s}` are its three parts. */
  readonly text?: string;
}

type Members = Record<string, unknown>;

export interface Forge {
  /** The row's token. `canaryUrl` is where nobody may look for a key. */
  forge(row: Omit<ForgedToken, 'what'>, canaryUrl?: string): string;
}

const encode = (text: string): string => Buffer.from(text).toString('base64url');
const decode = (part = ''): Members => JSON.parse(Buffer.from(part, 'base64url').toString());

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** Its lowest bit is another one. */
const flip = (character: string): string => ALPHABET[ALPHABET.indexOf(character) ^ 1] ?? '';
const NOW = /^\{now([+-]\d+)\}$/;

function change(whole: Members, changes: Members, fill: (text: string) => unknown): Members {
  const text = JSON.stringify({ ...whole, ...changes });
  const filled = JSON.parse(text, (_, value) => (typeof value === 'string' ? fill(value) : value)) as Members;
  return Object.fromEntries(Object.entries(filled).filter(([, value]) => value !== null));
}

function edit(text: string, change: readonly [string, string] | undefined): string {
  return change ? text.replace(new RegExp(change[0]), change[1]) : text;
}

function signatureOf(text: string, own: KeyObject, other: KeyObject, key: ForgedToken['key']): string {
  const bytes = Buffer.from(text);
  const publicPem = createPublicKey(own).export({ type: 'spki', format: 'pem' });
  switch (key) {
    case 'public as a secret':
      return createHmac('sha256', publicPem).update(text).digest('base64url');
    case 'nothing':
      return createHmac('sha256', '').update(text).digest('base64url');
    case 'ours, in DER':
      return sign('sha256', bytes, own).toString('base64url');
    default: {
      const signer = { key: key === 'another' ? other : own, dsaEncoding: 'ieee-p1363' } as const;
      return sign('sha256', bytes, signer).toString('base64url');
    }
  }
}

/** A thief who has read the install's signing key, and holds one good token of it. */
export function createForge(home: Home, goodToken: string): Forge {
  const [header, claims] = goodToken.split('.', 2).map(decode) as [Members, Members];
  const { keys } = JSON.parse(readFileSync(home.paths.signingKeys, 'utf8')) as { keys: [JsonWebKey] };
  const own = createPrivateKey({ key: keys[0], format: 'jwk' });
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const iss = String(claims.iss);
  const nowSeconds = Math.floor(Date.now() / 1_000);
  return {
    forge(row, canaryUrl = '') {
      const fill = (text: string): unknown => {
        const [, offset] = NOW.exec(text) ?? [];
        if (offset !== undefined) return nowSeconds + Number(offset);
        if (text === '{other}') return createPublicKey(other).export({ format: 'jwk' });
        return text
          .replace('{canary}', canaryUrl)
          .replace('{iss}', iss)
          .replace('{port}', new URL(iss).port)
          .replace('{kid}', String(header.kid));
      };
      const h = encode(edit(JSON.stringify(change(header, row.header ?? {}, fill)), row.headerEdit));
      const c = encode(edit(JSON.stringify(change(claims, row.claims ?? {}, fill)), row.claimsEdit));
      const s = signatureOf(`${h}.${c}`, own, other, row.key);
      return (row.text ?? '{h}.{c}.{s}')
        .replaceAll('{h}', h)
        .replaceAll('{c}', c)
        .replaceAll('{s}', s)
        .replace('{c flipped}', `${c.slice(0, 9)}${flip(c.charAt(9))}${c.slice(10)}`)
        .replace('{s flipped}', `${flip(s.charAt(0))}${s.slice(1)}`)
        .replace('{s with other spare bits}', `${s.slice(0, -1)}${flip(s.slice(-1))}`)
        .replace('{zero}', Buffer.alloc(64).toString('base64url'))
        .replace('{10,000 x}', 'x'.repeat(10_000));
    },
  };
}
