import type { OptionValue } from './claude-words.ts';

export interface CommandOption {
  readonly flag: string;
  readonly summary: string;
  /** What must follow it: what it is called, and what a shell completes there. */
  readonly value?: { readonly name: string; readonly kind: OptionValue };
}

/**
 * The one command table: routing, `--help`, the completions and both READMEs are made from it or checked
 * against it. `usage` is what follows the name; a command line that does not fit it exactly is Claude's.
 */
export interface Command {
  /** One word, or two: `upstream add`. */
  readonly name: string;
  /** The one word that means this command of two too. */
  readonly short?: string;
  /** Words after the name, e.g. `[show|renew|path]`. */
  readonly usage: string;
  readonly summary: string;
  /** Fixed words that may follow. */
  readonly words: readonly string[];
  readonly options: readonly CommandOption[];
  /** Not shown to people: Claude Code calls it. */
  readonly hidden?: true;
  /** Claude Code has a command of this name, with other words behind it. */
  readonly alsoClaude?: true;
}

const JSON_OPTION = { flag: '--json', summary: 'machine-readable output' } as const;

const ADD_OPTIONS = [
  {
    flag: '--env',
    value: { name: 'K=V', kind: 'text' },
    summary: 'a variable, once for each; one that is secret stands better in a file',
  },
  // Node looks for this one too, wherever it stands: it ends with 9 when there is no such file, before a line of ours
  // runs, and heeds a NODE_OPTIONS in it (measured on 20, 22 and 24).
  {
    flag: '--env-file',
    value: { name: 'F', kind: 'file' },
    summary: 'lines of NAME=value, read at each start',
  },
  { flag: '--cwd', value: { name: 'D', kind: 'directory' }, summary: 'the directory it starts in' },
  { flag: '--per-workspace', summary: 'one process for each project directory, started there' },
  { flag: '--per-session', summary: 'one process for each MCP session' },
] as const satisfies readonly CommandOption[];

export const COMMANDS = [
  {
    name: 'status',
    usage: '[--json]',
    summary: 'what runs, since when, certificate, port, sessions, upstreams',
    words: [],
    options: [JSON_OPTION],
  },
  {
    name: 'serve',
    usage: '',
    summary: 'the daemon in the foreground (systemd, containers, debugging)',
    words: [],
    options: [],
  },
  { name: 'restart', usage: '', summary: 'restart the background daemon', words: [], options: [] },
  {
    name: 'stop',
    usage: '',
    summary: 'stop the background daemon',
    words: [],
    options: [],
    alsoClaude: true,
  },
  {
    name: 'logs',
    usage: '[-f] [--server <name>] [--bodies]',
    summary: 'the log of the daemon, or the messages of one upstream',
    words: [],
    options: [
      { flag: '-f', summary: 'follow: print new lines as they come' },
      { flag: '--server', value: { name: '<name>', kind: 'text' }, summary: 'the messages of this upstream' },
      { flag: '--bodies', summary: 'with --server: what the messages say, too' },
    ],
    alsoClaude: true,
  },
  {
    name: 'cert',
    usage: '[show|renew|path]',
    summary: 'the certificate: fingerprints, names, expiry, files',
    words: ['show', 'renew', 'path'],
    options: [],
  },
  {
    name: 'approve',
    usage: '[code]',
    summary: "OAuth requests that wait for the owner's yes",
    words: [],
    options: [],
  },
  {
    name: 'clients',
    usage: '[revoke <id>]',
    summary: 'who holds access',
    words: ['revoke'],
    options: [],
  },
  {
    name: 'upstream list',
    short: 'upstream',
    usage: '[--json]',
    summary: 'the stdio MCP servers behind the same endpoint',
    words: [],
    options: [JSON_OPTION],
  },
  {
    name: 'upstream add',
    usage: '<name> [options] -- <command…>',
    summary: 'add one, whose tools are mcp__<name>__… in Claude',
    words: [],
    options: ADD_OPTIONS,
  },
  { name: 'upstream remove', usage: '<name>', summary: 'remove one', words: [], options: [] },
  { name: 'upstream enable', usage: '<name>', summary: 'serve one again', words: [], options: [] },
  {
    name: 'upstream disable',
    usage: '<name>',
    summary: 'keep one, but do not serve it',
    words: [],
    options: [],
  },
  {
    name: 'upstream import',
    usage: '',
    summary: "take servers over from Claude's own configuration, each after a yes",
    words: [],
    options: [],
  },
  {
    name: 'completion',
    usage: '<bash|zsh|fish|powershell>',
    summary: 'print the completion script of a shell',
    words: ['bash', 'zsh', 'fish', 'powershell'],
    options: [],
  },
  { name: 'help', usage: '', summary: 'this text', words: [], options: [] },
  { name: 'version', usage: '', summary: "claude-secure's own version", words: [], options: [] },
  {
    name: 'headers',
    usage: '<server>',
    summary: 'print request headers for Claude Code',
    words: [],
    options: [],
    hidden: true,
  },
] as const satisfies readonly Command[];

export type CommandName = (typeof COMMANDS)[number]['name'];
