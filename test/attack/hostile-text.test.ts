import { describe, expect, it } from 'vitest';
import corpus from '../corpus/xss.json' with { type: 'json' };
import { answerOf, authorizeQuery, getAuthorize, newVerifier, readPage, register } from '../oauth/flow.ts';
import type { HttpsAnswer } from '../support/https-request.ts';
import { ENGINES } from '../support/listen.ts';
import { runProgram } from '../support/program.ts';
import { useTarget } from './target.ts';

const verifier = newVerifier();
const PLAIN = 'plainname';
/** Half a character, which JSON can say and a data file should not. */
const HALF = { input: 'half\ud800', shown: 'half' };
/** All that could leave an element or a quoted attribute; spelt here once more, as the page is what is judged. */
const escaped = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');

/** The page without what differs every time. */
function withoutSecrets(text: string): string {
  const { matchCode, transaction } = readPage(text);
  return text.replaceAll(matchCode, 'CODE').replaceAll(transaction, 'TRANSACTION');
}

describe.each(ENGINES)('hostile text, on %s', (engine) => {
  const target = useTarget(engine);

  async function pageOf(name: string, state: string): Promise<string> {
    const clientId = await register(target(), { client_name: name });
    const { status, text } = await getAuthorize(target(), authorizeQuery(clientId, verifier, { state }));
    expect(status).toBe(200);
    return withoutSecrets(text);
  }

  it('R28: as name and state leaves every other byte of the page as it is', async () => {
    const plain = await pageOf(PLAIN, 'plainstate');
    expect(plain.split(PLAIN)).toHaveLength(2);
    for (const { input, shown } of [...corpus, HALF]) {
      expect(await pageOf(input, input)).toBe(plain.split(PLAIN).join(escaped(shown)));
    }
  });

  it('R28, R29: as client, redirect URI or transaction gets the very page that harmless text gets', async () => {
    const clientId = await register(target());
    const pages: ((text: string) => Promise<HttpsAnswer>)[] = [
      (text) => getAuthorize(target(), authorizeQuery(text, verifier)),
      (text) => getAuthorize(target(), authorizeQuery(clientId, verifier, { redirect_uri: text })),
      (text) => target().request({ path: `/oauth/consent?${new URLSearchParams({ transaction: text })}` }),
    ];
    for (const page of pages) {
      const harmless = await page('x');
      for (const { input } of corpus) {
        const { status, headers, text } = await page(input);
        expect([status, headers.location, text]).toEqual([400, undefined, harmless.text]);
      }
    }
  });

  it('R28, R39: as scope, resource, prompt or state comes back in no answer but the state, encoded', async () => {
    const clientId = await register(target());
    for (const { input } of corpus.filter(({ input }) => input !== '')) {
      for (const [overrides, error] of [
        [{ scope: input }, 'invalid_scope'],
        [{ resource: input }, 'invalid_target'],
        [{ response_type: input }, 'unsupported_response_type'],
        [{ code_challenge: input }, 'invalid_request'],
      ] as const) {
        const query = authorizeQuery(clientId, verifier, { ...overrides, state: input });
        const answer = await getAuthorize(target(), query);
        expect(answer.headers.location).toMatch(/^http:\/\/127\.0\.0\.1:33418\/callback\?[\w.%*+&=-]+$/);
        expect(Object.fromEntries(answerOf(answer))).toEqual({
          error,
          error_description: expect.stringMatching(/^[a-zA-Z0-9_ ]+$/),
          state: input,
          iss: target().issuer,
        });
        expect(answer.text).toBe('');
      }
    }
  });

  it('R28, R56: as a name moves no cursor in the terminal that is asked to approve it', async () => {
    for (const { input } of [...corpus, HALF]) await pageOf(input, input);
    const { stdout } = await runProgram(target().home, ['approve']);
    const asking = stdout.match(/^Who asks .* \(unverified client: the name is its own word\)$/gm);
    expect(asking?.length).toBeGreaterThanOrEqual(corpus.length);
    expect(stdout.replaceAll('\n', '')).not.toMatch(/\p{C}/u);
    expect(stdout).not.toMatch(/[\u2028\u2029]/);
  });

  it('R28: a name of 1 MB is 413', async () => {
    const answer = await target().request({
      method: 'POST',
      path: '/oauth/register',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ client_name: 'x'.repeat(1_048_576), redirect_uris: ['http://localhost/cb'] }),
    });
    expect(answer.status).toBe(413);
  });
});
