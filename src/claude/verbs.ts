/**
 * The subcommands of Claude Code 2.1.197 and 2.1.330, hidden ones too (read from both). Newer ones are learned
 * from the installed claude (learn-verbs.ts).
 */
const VERBS: ReadonlySet<string> = new Set([
  // Handled before any option is read: a flag in front turns them into a billed prompt (measured, 2.1.330).
  ...['attach', 'daemon', 'kill', 'logs', 'rc', 'remote-control', 'respawn', 'rm', 'stop'],
  ...['agents', 'auth', 'auto-mode', 'doctor', 'gateway', 'import', 'install', 'mcp', 'plugin', 'plugins'],
  ...['project', 'purge', 'sandbox', 'setup-token', 'ultrareview', 'update', 'upgrade'],
  ...['design-login', 'import-conversations', 'workspace-trust', 'worktree-hook'],
]);

/** Whether the word is a subcommand that every supported claude may have. */
export function isKnownVerb(word: string): boolean {
  return VERBS.has(word) || word.startsWith('edit-');
}
