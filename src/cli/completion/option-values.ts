import { OPTION_VALUES as CLAUDES, type OptionValue } from '../claude-words.ts';
import { COMMANDS, type Command } from '../commands.ts';

const ours = (COMMANDS as readonly Command[])
  .flatMap(({ options }) => options)
  .flatMap(({ flag, value }) => (value ? [[flag, value.kind] as const] : []));

/** Every option that needs a value, Claude's and ours, at whatever verb. */
export const OPTION_VALUES: Readonly<Record<string, OptionValue>> = {
  ...CLAUDES,
  ...Object.fromEntries(ours),
};
