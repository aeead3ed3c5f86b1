import { describe, expect, it } from 'vitest';
import { readConfig, SETTINGS } from '../../src/config.ts';

describe('readConfig', () => {
  it('without variables gives the documented defaults', () => {
    expect(readConfig({})).toEqual({
      home: undefined,
      port: undefined,
      host: '127.0.0.1',
      hostnames: [],
      claude: undefined,
      engine: undefined,
      require: false,
      log: 'info',
      idleMs: 10_800_000,
      connections: 2_000,
    });
  });

  it.each([
    ['CLAUDE_SECURE_HOME', '/srv/x', { home: '/srv/x' }],
    ['CLAUDE_SECURE_PORT', '0', { port: 0 }],
    ['CLAUDE_SECURE_PORT', '65535', { port: 65_535 }],
    ['CLAUDE_SECURE_HOST', '0.0.0.0', { host: '0.0.0.0' }],
    ['CLAUDE_SECURE_HOSTNAMES', 'Dev.Local, box.test', { hostnames: ['dev.local', 'box.test'] }],
    ['CLAUDE_SECURE_CLAUDE', '/opt/claude', { claude: '/opt/claude' }],
    ['CLAUDE_SECURE_ENGINE', 'https', { engine: 'https' }],
    ['CLAUDE_SECURE_REQUIRE', '1', { require: true }],
    ['CLAUDE_SECURE_REQUIRE', '0', { require: false }],
    ['CLAUDE_SECURE_LOG', 'debug', { log: 'debug' }],
    ['CLAUDE_SECURE_IDLE', '0', { idleMs: 0 }],
    ['CLAUDE_SECURE_IDLE', '90s', { idleMs: 90_000 }],
    ['CLAUDE_SECURE_IDLE', '30m', { idleMs: 1_800_000 }],
    ['CLAUDE_SECURE_IDLE', '3h', { idleMs: 10_800_000 }],
    ['CLAUDE_SECURE_CONNECTIONS', '12000', { connections: 12_000 }],
  ])('%s=%s', (variable, text, expected) => {
    expect(readConfig({ [variable]: text })).toMatchObject(expected);
  });

  it.each([
    ['CLAUDE_SECURE_PORT', '65536'],
    ['CLAUDE_SECURE_PORT', '0x1f'],
    ['CLAUDE_SECURE_PORT', '-1'],
    ['CLAUDE_SECURE_PORT', '8443 '],
    ['CLAUDE_SECURE_HOST', 'localhost'],
    ['CLAUDE_SECURE_HOST', '::1'],
    ['CLAUDE_SECURE_HOSTNAMES', 'a b'],
    ['CLAUDE_SECURE_HOSTNAMES', '*.local'],
    ['CLAUDE_SECURE_HOSTNAMES', 'a,,b'],
    ['CLAUDE_SECURE_HOSTNAMES', '-a.local'],
    ['CLAUDE_SECURE_ENGINE', 'bun'],
    ['CLAUDE_SECURE_REQUIRE', 'yes'],
    ['CLAUDE_SECURE_LOG', 'trace'],
    ['CLAUDE_SECURE_IDLE', '3'],
    ['CLAUDE_SECURE_IDLE', '3d'],
    ['CLAUDE_SECURE_IDLE', '-1s'],
    ['CLAUDE_SECURE_CONNECTIONS', '0'],
    ['CLAUDE_SECURE_CONNECTIONS', '1000001'],
    ['CLAUDE_SECURE_CONNECTIONS', '1e4'],
  ])('%s=%j is refused by name, with what it should be', (variable, text) => {
    const type = SETTINGS.find((setting) => setting.variable === variable)?.type;
    expect(() => readConfig({ [variable]: text })).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: `${variable} is ${JSON.stringify(text)}, not ${type}`,
      }),
    );
  });

  it.each(SETTINGS.map(({ variable }) => variable))('an empty %s counts as unset', (variable) => {
    expect(readConfig({ [variable]: '' })).toEqual(readConfig({}));
  });
});
