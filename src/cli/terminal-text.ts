// Control and format characters (bidirectional marks, zero-width) and line separators: all but tab and line
// feed could move a cursor, hide text or reorder a line.
const UNSAFE = /(?![\t\n])[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** Text from elsewhere (names, paths, log lines) as it may be shown on a terminal: it cannot move the cursor. */
export function terminalText(text: string): string {
  return text.replace(UNSAFE, '\ufffd');
}
