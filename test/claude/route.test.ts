import { describe, expect, it } from 'vitest';
import { placeFlags, type Route, routeArguments } from '../../src/claude/route.ts';

const learned = (word: string): boolean => word === 'brandnew';
const route = (argv: readonly string[]): Route => routeArguments(argv, learned);

const front: Route = { kind: 'session', flags: 'front' };
const end: Route = { kind: 'session', flags: 'end' };
const verb: Route = { kind: 'verb' };

describe('routing (launcher 4.1)', () => {
  const EARLY = ['logs', 'attach', 'stop', 'kill', 'rm', 'respawn', 'daemon', 'remote-control', 'rc'];
  it.each(EARLY)('leaves %s alone: a flag in front would make it a billed prompt', (word) => {
    expect(route([word, 'abc'])).toEqual(verb);
  });

  const COMMANDER =
    'mcp plugin plugins doctor auth install update upgrade setup-token project purge auto-mode gateway import ' +
    'ultrareview sandbox workspace-trust design-login worktree-hook import-conversations edit-anything';
  it.each(COMMANDER.split(' '))('gives the subcommand %s the environment alone', (word) => {
    expect(route([word])).toEqual(verb);
  });

  it.each(['-h', '--help', '-v', '--version'])('passes %s through without preparing anything', (flag) => {
    expect(route([flag, 'more'])).toEqual({ kind: 'information' });
  });

  it.each(['list', 'get', 'login', 'logout'])('shows our server to mcp %s', (word) => {
    expect(route(['mcp', word])).toEqual({ kind: 'servers' });
  });

  it.each([['add'], ['remove'], ['serve'], []])('leaves the rest of mcp alone (%s)', (...words) => {
    expect(route(['mcp', ...words])).toEqual(verb);
  });

  it.each<[string, string[], Route]>([
    ['no argument', [], front],
    ['an option first', ['-p', 'hi'], front],
    ['an option before a verb, which is for claude to read', ['--debug', 'mcp'], front],
    ['a prompt with spaces', ['fix the tests'], front],
    ['a prompt with a capital', ['Fix'], front],
    ['an empty prompt', [''], front],
    ['a prompt in another script', ['修正'], front],
    ['a slash command', ['/init'], front],
    ['everything behind --', ['--', 'logs'], front],
    ['an unknown word, which a future claude may handle early', ['fix', '-p'], end],
    ['agents, which takes its options behind the word', ['agents', '--json'], end],
    ['a verb learned from this claude', ['brandnew', 'x'], verb],
    ['a verb that is not the first word', ['fix', 'logs'], end],
    ['the word of a verb inside an option', ['-p', 'logs'], front],
  ])('%s', (_, argv, expected) => {
    expect(route(argv)).toEqual(expected);
  });

  it('asks about learned verbs for a single unknown lower-case word only', () => {
    const asked: string[] = [];
    const ask = (word: string): boolean => asked.push(word) < 0;
    for (const argv of [[], ['-p'], ['logs'], ['mcp', 'list'], ['a prompt'], ['agents'], ['fix']]) {
      routeArguments(argv, ask);
    }
    expect(asked).toEqual(['fix']);
  });
});

describe('placing flags', () => {
  it.each<[Route, string[], string[]]>([
    [front, [], ['--f=1']],
    [front, ['--mcp-config', 'a', 'b', '-p', 'hi'], ['--f=1', '--mcp-config', 'a', 'b', '-p', 'hi']],
    [front, ['', '--', '--x'], ['--f=1', '', '--', '--x']],
    [end, ['fix', '-p'], ['fix', '-p', '--f=1']],
    [end, ['fix', '-p', '--', 'a', '--'], ['fix', '-p', '--f=1', '--', 'a', '--']],
    [{ kind: 'servers' }, ['mcp', 'list'], ['--f=1', 'mcp', 'list']],
  ])('%j %j', (where, argv, expected) => {
    expect(placeFlags(where, argv, ['--f=1'])).toEqual(expected);
  });
});
