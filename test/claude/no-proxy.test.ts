import { expect, it } from 'vitest';
import { repairNoProxy } from '../../src/claude/no-proxy.ts';

const proxy = { HTTPS_PROXY: 'http://proxy:3128' };
const loopback = '127.0.0.1,localhost,::1';

it.each<[string, Record<string, string>, Record<string, string>]>([
  ['no proxy: nothing is touched', { NO_PROXY: 'a' }, {}],
  ['an empty proxy is none', { HTTPS_PROXY: '' }, {}],
  ['neither spelling: the upper one is made', proxy, { NO_PROXY: loopback }],
  ['ALL_PROXY counts (2.1.330)', { ALL_PROXY: 'socks5://p' }, { NO_PROXY: loopback }],
  ['lower-case proxies count', { https_proxy: 'http://p' }, { NO_PROXY: loopback }],
  [
    'the person’s own hosts stay',
    { ...proxy, NO_PROXY: 'corp.example' },
    { NO_PROXY: `corp.example,${loopback}` },
  ],
  ['lower case wins, so it is the one completed', { ...proxy, no_proxy: 'a' }, { no_proxy: `a,${loopback}` }],
  [
    'both exist: both',
    { ...proxy, NO_PROXY: 'a', no_proxy: 'b' },
    { NO_PROXY: `a,${loopback}`, no_proxy: `b,${loopback}` },
  ],
  ['an empty lower-case one still wins', { ...proxy, no_proxy: '' }, { no_proxy: loopback }],
  [
    'only what is missing',
    { ...proxy, NO_PROXY: 'localhost, 127.0.0.1' },
    { NO_PROXY: 'localhost, 127.0.0.1,::1' },
  ],
  ['complete already', { ...proxy, NO_PROXY: `${loopback},a` }, {}],
  ['blanks part hosts too', { ...proxy, NO_PROXY: 'localhost 127.0.0.1 ::1' }, {}],
  ['a star means everything', { ...proxy, NO_PROXY: '*' }, {}],
  [
    'a CIDR range does not count: 2.1.197 ignores it',
    { ...proxy, NO_PROXY: '127.0.0.0/8' },
    { NO_PROXY: `127.0.0.0/8,${loopback}` },
  ],
  ['a trailing comma', { ...proxy, NO_PROXY: 'a,' }, { NO_PROXY: `a,${loopback}` }],
])('%s', (_, variables, expected) => {
  expect(repairNoProxy(variables)).toEqual(expected);
});
