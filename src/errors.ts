/**
 * Everything that stops a command, with its stable code. The table below does not compile until a new
 * code has its exit status and its one line of advice.
 */
const FAILURES = {
  USAGE: { exit: 2, hint: 'claude-secure help' },
  NOT_FOUND: { exit: 1, hint: 'claude-secure help' },
  CONFIG_INVALID: { exit: 1, hint: 'correct or unset the variable, then try again' },
  HOME_UNUSABLE: { exit: 1, hint: 'set CLAUDE_SECURE_HOME to a directory that you own and can write to' },
  FILE_UNSAFE: { exit: 1, hint: 'remove the file or correct its owner and mode, then try again' },
  DISK_FULL: { exit: 1, hint: 'free some disk space, then try again' },
  CERTIFICATE_UNUSABLE: { exit: 1, hint: 'move the certs directory away and start again' },
  STORE_UNUSABLE: { exit: 1, hint: 'move the store directory away and start again' },
  SIGNING_KEY_UNUSABLE: { exit: 1, hint: 'move the signing key away and start again (every login ends)' },
  ENGINE_UNAVAILABLE: { exit: 1, hint: 'unset CLAUDE_SECURE_ENGINE to use node:https' },
  DAEMON_RUNNING: { exit: 5, hint: 'claude-secure status shows it, claude-secure stop ends it' },
  PORT_TAKEN: { exit: 6, hint: 'stop that program, or set CLAUDE_SECURE_PORT to another port' },
  DAEMON_START_FAILED: { exit: 1, hint: 'claude-secure serve shows the reason in the foreground' },
  DAEMON_NOT_RUNNING: { exit: 3, hint: 'claude-secure starts it' },
  DAEMON_UNHEALTHY: { exit: 4, hint: 'claude-secure restart' },
  DAEMON_REFUSED: { exit: 1, hint: 'claude-secure restart, then try again' },
  DAEMON_STOP_FAILED: { exit: 1, hint: 'claude-secure status names the process; end it yourself' },
  CLAUDE_NOT_FOUND: { exit: 127, hint: 'npm install -g @anthropic-ai/claude-code' },
  CLAUDE_NOT_EXECUTABLE: { exit: 126, hint: 'reinstall Claude Code, or set CLAUDE_SECURE_CLAUDE to it' },
  CLAUDE_RECURSION: {
    exit: 125,
    hint: 'the claude on your PATH starts claude-secure; set CLAUDE_SECURE_CLAUDE to the real one',
  },
} as const;

export type FailureCode = keyof typeof FAILURES;

/** A reason to stop that the person can act on; `hint` replaces the advice of the table. */
export class Failure extends Error {
  readonly code: FailureCode;
  readonly hint: string;

  constructor(code: FailureCode, message: string, options: { cause?: unknown; hint?: string } = {}) {
    super(message, { cause: options.cause });
    this.name = 'Failure';
    this.code = code;
    this.hint = options.hint ?? FAILURES[code].hint;
  }

  /** The exit status of a management command; launch mode maps everything but 126 and 127 to 125. */
  get exit(): number {
    return FAILURES[this.code].exit;
  }
}

/** The errno name of a system error (`ENOENT`, `EACCES`, …), or an empty string for anything else. */
export function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
