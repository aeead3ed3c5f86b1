import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  appendQuery,
  isAllowedRedirectUri,
  matchesRedirectUri,
  originOf,
} from '../../src/oauth/redirect-uri.ts';
import { ALLOWED, REFUSED } from './redirect-uris.ts';

describe('redirect URIs', () => {
  it.each(ALLOWED)('R30: %s may be registered', (uri) => {
    expect(isAllowedRedirectUri(uri)).toBe(true);
  });

  it.each(REFUSED)('R30: %s may not be registered', (uri) => {
    expect(isAllowedRedirectUri(uri)).toBe(false);
  });

  it.each([
    ['http://127.0.0.1:1/cb', 'http://127.0.0.1:2/cb', true],
    ['http://127.0.0.1/cb', 'http://127.0.0.1:2/cb', true],
    ['http://[::1]/cb', 'http://[::1]:9/cb', true],
    ['http://localhost:1/cb?a=1', 'http://localhost:7/cb?a=1', true],
    ['http://localhost:1/cb', 'http://127.0.0.1:1/cb', false],
    ['http://127.0.0.1:1/cb', 'http://localhost:1/cb', false],
    ['http://localhost:1/cb', 'https://localhost:1/cb', false],
    ['http://localhost:1/cb', 'http://localhost:1/cb/', false],
    ['http://localhost:1/cb', 'http://localhost:1/CB', false],
    ['http://localhost:1/cb', 'http://localhost:1/c%62', false],
    ['http://localhost:1/cb', 'http://localhost:1/cb?x=1', false],
    ['http://localhost:1/cb', 'http://localhost:1/x/../cb', false],
    ['http://localhost:1/cb', 'http://localhost:1/other', false],
    ['http://localhost:1/cb?', 'http://localhost:1/cb', false],
    ['http://localhost:1/', 'http://localhost:1', false],
  ])('R32: %s against %s is %s', (registered, uri, expected) => {
    expect(matchesRedirectUri(registered, uri)).toBe(expected);
  });

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

  it('R39: a query that is there is kept and appended to', () => {
    expect(appendQuery('http://localhost/cb?a=%20b', { code: 'x', state: undefined })).toBe(
      'http://localhost/cb?a=%20b&code=x',
    );
  });

  it.each(ALLOWED)('R23: the origin of %s adds no CSP token', (uri) => {
    expect(originOf(uri)).toMatch(/^https?:\/\/[\w.[\]:]+$/);
  });
});
