import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { withHealingHook } from '../../src/claude/healing-hook.ts';
import { createHome } from '../support/home.ts';

const GONE = spawnSync('/bin/true').pid;

interface Hooks {
  PreToolUse: { matcher: string; hooks: { command: string }[] }[];
}

it.each([
  {
    what: 'a live daemon',
    state: `{"instanceId":"a","pid":${process.pid},"startedBy":{"pid":${GONE}}}`,
    heals: false,
  },
  {
    what: 'a dead one',
    state: `{"instanceId":"a","pid":${GONE},"startedBy":{"pid":${process.pid}}}`,
    heals: true,
  },
  { what: 'a garbled state', state: '{"pid":1', heals: true },
  {
    what: 'a state of several lines',
    state: `{"instanceId":"a","pid":${GONE},\n"pid":${process.pid},`,
    heals: true,
  },
  { what: 'a command for a pid', state: `{"instanceId":"a","pid":$(echo ${process.pid}),`, heals: true },
  { what: 'no state', state: undefined, heals: true },
])(
  'runs the helper only for a daemon that is gone, and never forbids the call: $what',
  ({ state, heals }) => {
    const home = createHome();
    const ran = join(home.dir, "it's ran");
    mkdirSync(home.paths.root, { recursive: true });
    if (state !== undefined) writeFileSync(home.paths.state, state);
    const helperCommand = ['/bin/sh', '-c', '/bin/touch "$0"; echo token; exit 2', ran];
    // R59: without any program on the PATH, and with a variable of the name that the hook uses.
    const env = { PATH: '', p: `{"instanceId":"a","pid":${process.pid},` };
    const served = { upstreams: [] };
    const options = { paths: home.paths, helperCommand, platform: 'linux', env: {}, served } as const;
    const { PreToolUse } = withHealingHook(undefined, options) as unknown as Hooks;
    expect('mcp__code__server_status').toMatch(new RegExp(`^${PreToolUse[0]?.matcher}$`));

    const command = PreToolUse[0]?.hooks[0]?.command ?? '';
    const { status, stdout, stderr } = spawnSync('/bin/sh', ['-c', command], { encoding: 'utf8', env });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(existsSync(ran)).toBe(heals);
  },
);

it.each([
  [[], 'mcp__code__.*'],
  [['memory', 'git-2'], 'mcp__(code|memory|git-2)__.*'],
])('guards the tools of every server: %j', (upstreams, matcher) => {
  const { paths } = createHome();
  const options = {
    paths,
    helperCommand: ['node'],
    platform: 'linux',
    env: {},
    served: { upstreams },
  } as const;
  expect(withHealingHook(undefined, options)?.PreToolUse).toEqual([expect.objectContaining({ matcher })]);
});

it('leaves the hooks alone on Windows', () => {
  const served = { upstreams: ['memory'] };
  const { paths } = createHome();
  const options = { paths, helperCommand: ['node'], platform: 'win32', env: {}, served } as const;
  expect(withHealingHook({ Stop: [] }, options)).toEqual({ Stop: [] });
});
