import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/errors.ts';
import {
  nameProblem,
  parseUpstreams,
  readUpstreams,
  type UpstreamDefinition,
  writeUpstreams,
} from '../../src/upstreams.ts';
import { createHome } from '../support/home.ts';

const PLAIN: UpstreamDefinition = {
  name: 'memory',
  command: 'npx',
  args: [],
  env: {},
  envFile: undefined,
  cwd: undefined,
  sharing: 'shared',
  enabled: true,
};
const FULL: UpstreamDefinition = {
  name: 'git-2',
  command: '${HOME}/bin/git server',
  args: ['-y', '', 'a b', '$(id)', '${ROOT:-/}'],
  env: { TOKEN: 'canary', EMPTY: '' },
  envFile: '/home/you/git.env',
  cwd: '${HOME}/src',
  sharing: 'per-workspace',
  enabled: false,
};

function homeFile(): string {
  const { paths } = createHome();
  mkdirSync(paths.root, { recursive: true, mode: 0o700 });
  return paths.upstreams;
}

/** What `parseUpstreams` says of the text. */
function problemOf(text: string): string {
  try {
    parseUpstreams(text);
    return 'nothing';
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', hint: expect.stringContaining('last good one') });
    return error.message;
  }
}

const inServer = (members: string): string =>
  `{\n  "mcpServers": {\n    "memory": {\n      ${members}\n    }\n  }\n}\n`;

describe('upstreams.json', () => {
  it('R55: is written as documented, closed to others, with nothing in it that nobody chose', () => {
    const file = homeFile();
    writeUpstreams(file, [PLAIN, FULL]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const { name, ...members } = FULL;
    const expected = { mcpServers: { [name]: members, memory: { command: 'npx' } } };
    expect(readFileSync(file, 'utf8')).toBe(`${JSON.stringify(expected, null, 2)}\n`);
    expect(readUpstreams(file)).toEqual([FULL, PLAIN]);
  });

  it('is the same text whatever order its servers come in', () => {
    const file = homeFile();
    writeUpstreams(file, [FULL, PLAIN]);
    const before = readFileSync(file, 'utf8');
    writeUpstreams(file, [PLAIN, FULL]);
    expect(readFileSync(file, 'utf8')).toBe(before);
  });

  it('that does not exist holds none', () => {
    expect(readUpstreams(homeFile())).toEqual([]);
  });

  it('R55: that others may read is refused', () => {
    const file = homeFile();
    writeFileSync(file, '{"mcpServers":{}}', { mode: 0o644 });
    expect(() => readUpstreams(file)).toThrow(expect.objectContaining({ code: 'FILE_UNSAFE' }));
  });

  it('may begin with the byte order mark of a Windows editor', () => {
    expect(parseUpstreams('\ufeff{"mcpServers":{"memory":{"command":"npx"}}}')).toEqual([PLAIN]);
  });

  it('takes an entry as `claude mcp add` writes it', () => {
    const [definition] = parseUpstreams(inServer('"type": "stdio", "command": "npx", "args": [], "env": {}'));
    expect(definition).toEqual(PLAIN);
  });

  it('R53: keeps a variable of any name as data', () => {
    const [definition] = parseUpstreams(
      inServer('"command": "x", "env": {"__proto__": "a", "constructor": "b"}'),
    );
    expect(Object.entries(definition?.env ?? {})).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ]);
    expect(Object.prototype).not.toHaveProperty('a');
  });
});

describe('a file edited into nonsense: the place, the server and the member', () => {
  it.each([
    ['', 'line 1, column 1: the text ends before a value'],
    ['nonsense', 'line 1, column 1: a value is expected here'],
    ['[]', 'line 1, column 1: the file must be an object'],
    ['{}', 'line 1, column 1: mcpServers is missing'],
    ['{"mcpServers": {}', 'line 1, column 18: the text ends before a comma or }'],
    ['{"mcpServers": {}} x', 'line 1, column 20: the end is expected here'],
    ['{\n  // mine\n}', 'line 2, column 3: a name in double quotes is expected here'],
    ['{\r\n  "mcpServers": []\r\n}', 'line 2, column 17: mcpServers must be an object'],
    ['{\n  "mcpServer": {}\n}', 'line 2, column 3: the file has no member "mcpServer", only mcpServers'],
    ["{'mcpServers': {}}", 'line 1, column 2: a name in double quotes is expected here'],
    ['{"mcpServers" {}}', 'line 1, column 15: a colon is expected here'],
    [inServer('"command": "npx",'), 'line 5, column 5: a name in double quotes is expected here'],
    [inServer('"command": "npx" "args": []'), 'line 4, column 24: a comma or } is expected here'],
    [inServer('"command": "npx'), 'line 4, column 18: this text in quotes does not end'],
    [inServer('"command": "C:\\x"'), 'line 4, column 18: this text in quotes has a \\ before something else'],
    [inServer('"command": npx'), 'line 4, column 18: a value is expected here'],
    [inServer('"command": "npx", "args": [01]'), 'line 4, column 34: a value is expected here'],
    [inServer('"args": []'), 'line 3, column 5: memory.command is missing'],
    [
      inServer('"url": "https://x.example/mcp", "type": "http"'),
      'line 4, column 47: memory.type must be stdio: Claude connects to remote servers itself',
    ],
    [inServer('"command": 1'), 'line 4, column 18: memory.command must be text'],
    [inServer('"command": " "'), 'line 4, column 18: memory.command is empty'],
    [inServer('"command": "a\\u0000b"'), 'line 4, column 18: memory.command must be text'],
    [inServer('"command": "x", "args": "y"'), 'line 4, column 31: memory.args must be a list'],
    [inServer('"command": "x", "args": ["y", null]'), 'line 4, column 37: memory.args[1] must be text'],
    [inServer('"command": "x", "env": []'), 'line 4, column 30: memory.env must be an object'],
    [inServer('"command": "x", "env": {"A": 1}'), 'line 4, column 36: memory.env.A must be text'],
    [
      inServer('"command": "x", "env": {"A=B": ""}'),
      'line 4, column 31: memory.env has a name that no variable can',
    ],
    [
      inServer('"command": "x", "envFile": "x.env"'),
      'line 4, column 34: memory.envFile must be an absolute path',
    ],
    [
      inServer('"command": "x", "envFile": "${HOME}/x"'),
      'line 4, column 34: memory.envFile must be an absolute path',
    ],
    [inServer('"command": "x", "cwd": "src"'), 'line 4, column 30: memory.cwd must be an absolute path'],
    [inServer('"command": "x", "cwd": ["${HOME}"]'), 'line 4, column 30: memory.cwd must be text'],
    [
      inServer('"command": "x", "sharing": "all"'),
      'line 4, column 34: memory.sharing must be one of shared, per-',
    ],
    [inServer('"command": "x", "enabled": "no"'), 'line 4, column 34: memory.enabled must be true or false'],
    [
      inServer('"command": "x",\n      "url": ""'),
      'line 5, column 7: memory has no member "url", only command,',
    ],
    [
      inServer('"command": "x", "__proto__": {}'),
      'line 4, column 23: memory has no member "__proto__", only',
    ],
    [
      inServer('"command": "x",\n      "command": "y"'),
      'line 5, column 7: "command" stands here a second time',
    ],
    [
      inServer('"command": "x" }, "memory": { "command": "y"'),
      'line 4, column 25: "memory" stands here a second time',
    ],
    ['{"mcpServers": {"a": []}}', 'line 1, column 22: a must be an object'],
    [
      '{"mcpServers": {"Memory": {}}}',
      'line 1, column 17: "Memory" cannot be a server: a name has 1 to 32 of',
    ],
    ['{"mcpServers": {"__proto__": {}}}', 'line 1, column 17: "__proto__" cannot be a server: a name has 1'],
    ['{"mcpServers": {"constructor": {}}}', 'line 1, column 17: "constructor" cannot be a server: the name'],
    [
      '{"mcpServers": {"code": {}}}',
      'line 1, column 17: "code" cannot be a server: the name code is reserved',
    ],
    ['['.repeat(100_000), 'line 1, column 66: the brackets are too deep'],
  ])('%j', (text, said) => {
    expect(problemOf(text).slice(0, `upstreams.json, ${said}`.length)).toBe(`upstreams.json, ${said}`);
  });

  it('R55: no message quotes a value', () => {
    const secret = 'canary-7f3a';
    const whole = inServer(`"command": "x", "args": ["${secret}"], "env": {"A": "${secret}"}`);
    for (const text of Array.from(whole, (_, at) => `${whole.slice(0, at)}\u0001${whole.slice(at)}`)) {
      expect(problemOf(text)).not.toContain('canary');
    }
  });
});

describe('the name of a server', () => {
  it.each(['memory', '7', 'a-b', 'x'.repeat(32)])('may be %s', (name) => {
    expect(nameProblem(name)).toBeUndefined();
  });

  it.each([
    '',
    'A',
    'a_b',
    'a.b',
    'a/b',
    '..',
    '-f',
    'ä',
    'a\n',
    'x'.repeat(33),
    'code',
    'sse',
    'messages',
    'constructor',
    '__proto__',
  ])('cannot be %j', (name) => {
    expect(nameProblem(name)).toBeDefined();
  });
});
