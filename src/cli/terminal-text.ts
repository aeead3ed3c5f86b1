// C0 and C1 controls, DEL, zero-width and bidirectional marks: what could move a cursor or reorder a line.
const UNSAFE = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** Text from elsewhere (names, paths, log lines) as it may be shown on a terminal: it cannot move the cursor. */
export function terminalText(text: string): string {
  return text.replace(UNSAFE, '\ufffd');
}
