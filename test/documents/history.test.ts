import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { SignJWT } from 'jose';
import { expect, it } from 'vitest';

const HISTORY_BYTES = 1_073_741_824;
/** What a diff puts between the lines of a file. */
const NEXT_LINE = '(?:\\\\n|\\n[ +-])\\s*';

const SECRETS: Readonly<Record<string, RegExp>> = {
  'a private key': new RegExp(`BEGIN [A-Z ]*PRIVATE KEY-----${NEXT_LINE}[A-Za-z0-9+/]{40}`, 'g'),
  'a private JWK': /"d"\s*:\s*"[\w-]{43}"/g,
  'a token of ours': /eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{43}/g,
  "a key of Anthropic's": /sk-ant-(?:api|oat|admin)\d\d-[\w-]{20}/g,
  'a token of a forge or registry': /\b(?:gh[oprsu]_\w{36}|github_pat_\w{22}|npm_\w{36}|AKIA[0-9A-Z]{16})\b/g,
};

const findIn = (text: string): string[] =>
  Object.entries(SECRETS).flatMap(([what, pattern]) =>
    (text.match(pattern) ?? []).map((found) => `${what}: ${found}`),
  );

it('R62: there is no key and no token in any revision of any file', async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  const planted = [
    `+${pem.replaceAll('\n', '\n+')}`,
    JSON.stringify(pem),
    JSON.stringify(privateKey.export({ format: 'jwk' })),
    await new SignJWT({ scope: 'mcp', client_id: 'x' }).setProtectedHeader({ alg: 'ES256' }).sign(privateKey),
    `sk-ant-api03-${randomBytes(30).toString('hex')}`,
    `npm_${randomBytes(18).toString('hex')}`,
  ];
  for (const secret of planted) expect(findIn(secret), 'what is looked for is found').toHaveLength(1);

  const log = ['log', '--all', '--patch', '--unified=0', '--no-color', '--no-ext-diff', '--text'];
  const history = execFileSync('git', log, { cwd: import.meta.dirname, maxBuffer: HISTORY_BYTES }).toString(
    'latin1',
  );
  expect(history).toContain('package-lock.json');
  expect(findIn(history)).toEqual([]);
});
