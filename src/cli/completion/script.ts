import { bashScript } from './bash.ts';
import { fishScript } from './fish.ts';
import { completionPlaces } from './places.ts';
import { powershellScript } from './powershell.ts';
import { zshScript } from './zsh.ts';

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript, powershell: powershellScript } as const;

export type Shell = keyof typeof SCRIPTS;

/** The completion script of a shell: our commands, and Claude's own verbs and options. */
export function completionScript(shell: Shell): string {
  return SCRIPTS[shell](completionPlaces());
}
