import { isIP } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import { canonicalAddress, isPermitted, localNames } from '../../src/certificate/addresses.ts';
import { permittedSubtrees } from '../../src/certificate/permitted-subtrees.ts';

describe('R2: localNames', () => {
  it('holds loopback, the host and its IPv4 addresses, each once', () => {
    const names = localNames([]);
    expect(names).toEqual(expect.arrayContaining(['localhost', '127.0.0.1', '::1']));
    expect(names).toContain(`${hostname().toLowerCase().split('.')[0]}.local`);
    expect(new Set(names).size).toBe(names.length);
    const lan = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ family, internal }) => family === 'IPv4' && !internal);
    expect(names).toEqual(expect.arrayContaining(lan.map(({ address }) => address)));
  });

  it('has no wildcard: Firefox refuses the whole certificate for *.localhost', () => {
    expect(localNames([]).filter((name) => name.includes('*'))).toEqual([]);
  });

  it.each([
    ['192.0.2.1', ['192.0.2.1']],
    ['2001:DB8:0:0::7', ['2001:db8::7']],
    ['nas.example.org', ['nas.example.org']],
    ['localhost', []],
    ['0.0.0.0', []],
    ['::', []],
    ['169.254.7.7', []],
    ['fe80::1', []],
    ['fe80::1%eth0', []],
    ['::ffff:10.0.0.1', []],
  ])('of a configured %s takes %j', (configured, added) => {
    const plain = localNames([]);
    expect(localNames([configured]).filter((name) => !plain.includes(name))).toEqual(added);
  });
});

describe('canonicalAddress', () => {
  it.each([
    ['0:0:0:0:0:0:0:1', '::1'],
    ['FD00::0007', 'fd00::7'],
    ['10.0.0.1', '10.0.0.1'],
  ])('%s is %s', (address, canonical) => {
    expect(canonicalAddress(address)).toBe(canonical);
    expect(isIP(canonical)).not.toBe(0);
  });
});

describe('R2: what a new authority may vouch for', () => {
  it('is local names, and of public ones only what was configured', () => {
    const subtrees = permittedSubtrees(['nas.example.org', '192.0.2.1']);
    expect(subtrees).toEqual(expect.arrayContaining(['localhost', 'local', 'test', 'nas.example.org']));
    expect(subtrees.filter((name) => isIP(name))).toEqual([]);
    for (const name of ['api.anthropic.com', 'example.org', 'com'])
      expect(isPermitted(name, subtrees)).toBe(false);
  });

  it.each([
    ['mybox', true],
    ['mybox.example.org', true],
    ['dev', false],
    ['com', false],
    ['jp', false],
    ['xn--q9jyb4c', false],
  ])('takes a host of the name %s: %s', (own, expected) => {
    expect(permittedSubtrees([], own).includes(own)).toBe(expected);
  });

  it.each([
    ['nas.example.org', true],
    ['deep.nas.example.org', true],
    ['evilnas.example.org', false],
    ['example.org', false],
    ['nas.example.org.evil.com', false],
    ['192.0.2.9', true],
    ['2001:db8::1', true],
  ])('%s under nas.example.org: %s', (name, expected) => {
    expect(isPermitted(name, ['nas.example.org'])).toBe(expected);
  });
});
