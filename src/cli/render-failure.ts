import { Failure } from '../errors.ts';
import { terminalText } from './terminal-text.ts';

/** What a person sees when a command stops: what happened with its stable code, then what to do. */
export function renderFailure(error: unknown): string {
  if (error instanceof Failure) {
    const [what, ...details] = terminalText(error.message).split('\n');
    const lines = [`claude-secure: ${what} (${error.code})`, ...details.map((line) => `  | ${line}`)];
    return `${[...lines, `  hint: ${terminalText(error.hint)}`].join('\n')}\n`;
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `claude-secure: this is a bug in claude-secure, please report it\n${terminalText(stack)}\n`;
}
