// Control and format characters (bidirectional marks, zero-width) and line separators: all but tab and line
// feed could move a cursor, hide text or reorder a line.
const UNSAFE = /(?![\t\n])[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** Text from elsewhere (names, paths, log lines) as it may be shown on a terminal: it cannot move the cursor. */
export function terminalText(text: string): string {
  return text.replace(UNSAFE, '\ufffd');
}

/** The same on one line: it cannot pass for a line of ours either. */
export function terminalLine(text: string): string {
  return terminalText(text).replace(/[\t\n]/g, '\ufffd');
}
