import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesRedirectUri, originOf } from '../../src/oauth/redirect-uri.ts';
import redirectUris from '../corpus/redirect-uris.json' with { type: 'json' };

describe('redirect URIs', () => {
  it('R32: of 10,000 mutations none is accepted but another port', () => {
    const registered = 'http://127.0.0.1:33418/callback?tenant=1';
    const withoutPort = /^http:\/\/127\.0\.0\.1(?::[1-9]\d{0,4})?\/callback\?tenant=1$/;
    const edit = fc.record({
      at: fc.nat(registered.length),
      remove: fc.nat(3),
      insert: fc.oneof(
        fc.string({ maxLength: 4 }),
        fc.constantFrom('..', '/', '%2e', '@', '#', '\\', ':', '0', '9', 'A', '?', '&', '\0', '\u202e'),
      ),
    });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
        const uri = edits.reduce(
          (text, { at, remove, insert }) => text.slice(0, at) + insert + text.slice(at + remove),
          registered,
        );
        expect(matchesRedirectUri(registered, uri) && !withoutPort.test(uri)).toBe(false);
      }),
      { numRuns: 10_000 },
    );
  });

  it.each(redirectUris.allowed)('R23: the origin of %s adds no CSP token', (uri) => {
    expect(originOf(uri)).toMatch(/^https?:\/\/[\w.[\]:]+$/);
  });
});
