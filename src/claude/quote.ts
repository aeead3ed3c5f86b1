/** One word for `/bin/sh`: nothing inside single quotes means anything. */
const quotePosix = (word: string): string =>
  /^[\w/.:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

/** One word for `cmd.exe`; a Windows path holds no double quote. */
const quoteWindows = (word: string): string => `"${word}"`;

/** A command line for the shell that Claude starts helpers with (measured: `/bin/sh -c`; cmd.exe by its source). */
export function quoteCommand(words: readonly string[], platform: NodeJS.Platform): string {
  return words.map(platform === 'win32' ? quoteWindows : quotePosix).join(' ');
}
