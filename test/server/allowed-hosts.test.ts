import { expect, it } from 'vitest';
import { allowedHosts } from '../../src/server/allowed-hosts.ts';

it.each([
  [8_443, ['127.0.0.1:8443', 'localhost:8443', 'box.lan:8443']],
  // Every client leaves the default port out of `Host` (RFC 9110 section 7.2).
  [443, ['127.0.0.1', 'localhost', 'box.lan']],
])('R12: on port %i a request may name %j', (port, expected) => {
  expect(allowedHosts({ hostnames: ['box.lan', 'localhost'] }, port)).toEqual(expected);
});
