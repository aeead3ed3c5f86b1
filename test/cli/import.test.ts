import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { readUpstreams } from '../../src/upstreams.ts';
import { createHome, type Home } from '../support/home.ts';
import { runProgram } from '../support/program.ts';

const CANARY = 'canary-9b2e';

let home: Home;
let project: string;
beforeEach(() => {
  home = createHome();
  project = join(home.dir, 'project');
  mkdirSync(project);
});

const write = (file: string, value: unknown): void =>
  writeFileSync(join(home.dir, file), JSON.stringify(value));

/** `claude-secure upstream import` in the project, with these lines typed. */
const runImport = (input: string, env: NodeJS.ProcessEnv = {}) =>
  runProgram(home, ['upstream', 'import'], { cwd: project, input, env });
const taken = () => readUpstreams(home.paths.upstreams);

function writeAll(): void {
  write('.claude.json', {
    mcpServers: { memory: { command: 'npx', args: ['-y', 'memory'], env: { TOKEN: CANARY, B: '${B:-c}' } } },
    projects: {
      [project]: { mcpServers: { local: { type: 'stdio', command: './bin/local' } } },
      '/elsewhere': { mcpServers: { other: { command: 'other' } } },
    },
  });
  write('project/.mcp.json', { mcpServers: { team: { command: '${ROOT}/team', args: ['${HOME}/x'] } } });
}

describe('upstream import', () => {
  it('shows each stdio server, asks, and takes what got a yes; references stay as written', async () => {
    writeAll();
    const { status, stdout } = await runImport('y\nYES\nyes\n');
    expect(status).toBe(0);
    expect(stdout.match(/^Take \w+\? \[y\/N\] $/gm)).toEqual(
      ['local', 'team', 'memory'].map((name) => `Take ${name}? [y/N] `),
    );
    expect(stdout).toContain(`server      local
from        ${home.dir}/.claude.json (local)
command     ${project}/bin/local
starts in   ${project}
variables   none
`);
    expect(stdout).toContain(`server      memory
from        ${home.dir}/.claude.json (user)
command     npx -y memory
variables   TOKEN, B
`);
    const lines = ['local --scope local', 'team --scope project', 'memory --scope user'];
    for (const line of lines) expect(stdout).toContain(`  claude mcp remove ${line}\n`);
    expect(taken()).toMatchObject([
      { name: 'local', command: `${project}/bin/local`, cwd: project },
      { name: 'memory', command: 'npx', env: { TOKEN: CANARY, B: '${B:-c}' }, cwd: undefined },
      { name: 'team', command: '${ROOT}/team', args: ['${HOME}/x'], cwd: project },
    ]);
  });

  it("R55: says no variable's value, and changes no file of Claude's", async () => {
    writeAll();
    const files = ['.claude.json', 'project/.mcp.json'].map((file) => join(home.dir, file));
    const before = files.map((file) => readFileSync(file, 'utf8'));
    const { stdout, stderr } = await runImport('y\ny\ny\n');
    expect(stdout + stderr).not.toContain(CANARY);
    expect(files.map((file) => readFileSync(file, 'utf8'))).toEqual(before);
  });

  it.each([
    ['no', 'n\nno\n\n', []],
    ['the end of the input', '', []],
    ['something else', 'yep\nJ\nof course\n', []],
    ['one yes, then the end', 'n\ny\n', ['team']],
  ])('takes nothing without a yes: %s', async (_, input, names) => {
    writeAll();
    expect((await runImport(input)).status).toBe(0);
    expect(taken().map(({ name }) => name)).toEqual(names);
  });

  it.each([
    [{ type: 'http', url: 'https://mcp.example/' }, 'x', 'it is remote'],
    [{ type: 'sse', url: 'https://mcp.example/' }, 'x', 'it is remote'],
    [{ url: 'https://mcp.example/' }, 'x', 'it is remote'],
    [{ type: 'http', url: 'https://localhost:8443/mcp' }, 'x', 'it is claude-secure itself'],
    [{ command: '/usr/bin/claude-secure', args: ['serve'] }, 'x', 'it is claude-secure itself'],
    [{ command: 'node', args: ['/x/bin/claude-secure.js'] }, 'x', 'it is claude-secure itself'],
    [{ command: 'x' }, 'known', 'there is such an upstream; .*: claude-secure upstream remove known'],
    [
      { command: 'x', args: ['a b'] },
      'Bad_Name',
      "a name has .*: claude-secure upstream add <name> -- x 'a b'",
    ],
    [{ command: 'x' }, 'code', 'the name code is reserved'],
    [{ command: 'x' }, '__proto__', 'a name has'],
    [{ command: 1 }, 'x', 'is not what Claude takes'],
    [{ command: 'x', args: 'y' }, 'x', 'is not what Claude takes'],
    [{ command: 'x', args: ['a\u0000'] }, 'x', 'is not what Claude takes'],
    [{ command: 'x', env: { A: 1 } }, 'x', 'is not what Claude takes'],
    ['x', 'x', 'is not what Claude takes'],
  ])('skips %j named %s: %s', async (entry, name, said) => {
    mkdirSync(home.paths.root, { recursive: true, mode: 0o700 });
    writeFileSync(home.paths.port, '8443', { mode: 0o600 });
    writeFileSync(home.paths.upstreams, '{"mcpServers":{"known":{"command":"y"}}}', { mode: 0o600 });
    // As text: a literal with this name would set the prototype.
    const text = `{"mcpServers":{${JSON.stringify(name)}:${JSON.stringify(entry)}}}`;
    writeFileSync(join(project, '.mcp.json'), text);
    const { status, stdout } = await runImport('y\n');
    expect([status, stdout]).toEqual([
      0,
      expect.stringMatching(new RegExp(`^skipped ${name} \\(project\\): .*${said}.*\n\nnothing imported\n$`)),
    ]);
    expect(taken()).toMatchObject([{ name: 'known', command: 'y' }]);
  });

  it('of one name takes the strongest, and asks for the next only after a no', async () => {
    for (const [input, command] of [
      ['y\ny\n', 'project'],
      ['n\ny\n', 'user'],
    ] as const) {
      home = createHome();
      project = home.dir;
      write('.claude.json', { mcpServers: { x: { command: 'user' } } });
      write('.mcp.json', { mcpServers: { x: { command: 'project' } } });
      await runImport(input);
      expect(taken()).toMatchObject([{ name: 'x', command }]);
    }
  });

  it('R56: nothing of a project can pass for a line of ours or move the cursor', async () => {
    const evil = 'x\nTake memory? [y/N] y\u001b[2J\u202e';
    write('project/.mcp.json', {
      mcpServers: { [evil]: { command: 'x' }, good: { command: evil, args: [evil], env: { [evil]: '' } } },
    });
    const { stdout } = await runImport('');
    expect(stdout).toContain('\ufffdTake memory?');
    expect(stdout.match(/^Take .*/gm)).toEqual(['Take good? [y/N] ']);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what it is about
    expect(stdout).not.toMatch(/[\u001b\u202e]/);
  });

  it('reads CLAUDE_CONFIG_DIR as Claude does, and goes on past a file that is no JSON', async () => {
    mkdirSync(join(home.dir, 'config'));
    write('config/.claude.json', { mcpServers: { there: { command: 'x' } } });
    write('.claude.json', { mcpServers: { here: { command: 'x' } } });
    writeFileSync(join(project, '.mcp.json'), '{');
    const { stdout, stderr } = await runImport('y\ny\n', { CLAUDE_CONFIG_DIR: join(home.dir, 'config') });
    expect(stdout.match(/^Take .*/gm)).toEqual(['Take there? [y/N] ']);
    expect(stderr).toContain(`${project}/.mcp.json is not JSON; its servers are left out`);
  });

  it('says so when Claude has none', async () => {
    expect((await runImport('')).stdout).toBe('Claude has no MCP server of its own here\n');
  });
});
