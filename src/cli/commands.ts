/**
 * The one command table: routing, `--help`, the completions and both READMEs are made from it or checked
 * against it. `usage` is what follows the name; a command line that does not fit it exactly is Claude's.
 */
export interface Command {
  readonly name: string;
  /** Words after the name, e.g. `[show|renew|path]`. */
  readonly usage: string;
  readonly summary: string;
  /** Fixed words that may follow. */
  readonly words: readonly string[];
  readonly options: readonly { readonly flag: string; readonly summary: string }[];
  /** Not shown to people: Claude Code calls it. */
  readonly hidden?: true;
  /** Claude Code has a command of this name, with other words behind it. */
  readonly alsoClaude?: true;
}

const JSON_OPTION = { flag: '--json', summary: 'machine-readable output' } as const;

export const COMMANDS = [
  {
    name: 'status',
    usage: '[--json]',
    summary: 'what runs, since when, certificate, port, sessions',
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
    usage: '[-f]',
    summary: 'the log of the daemon',
    words: [],
    options: [{ flag: '-f', summary: 'follow: print new lines as they come' }],
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
