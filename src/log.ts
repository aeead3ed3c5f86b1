/**
 * JSON lines with rotation. A failing disk never stops or blocks the daemon: a line that cannot be written is
 * dropped and counted. Values are one-line JSON in printable ASCII, so nothing in them can forge a line or move
 * a terminal's cursor, and whatever looks like a credential is cut out before it gets here.
 */
import { closeSync, fstatSync, ftruncateSync, writeSync } from 'node:fs';
import { moveFile, openForAppend } from './files.ts';
import { limits } from './limits.ts';

export type LogLevel = 'error' | 'info' | 'debug';
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Log {
  error(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  debug(event: string, fields?: LogFields): void;
  close(): void;
}

const RANK = { error: 0, info: 1, debug: 2 } as const;
const VALUE_LENGTH = 1_000;
const CLOSED = -1;
// JWTs; bearer and basic credentials; `name=value` of OAuth's secrets; our own 256-bit base64url secrets.
const CREDENTIALS =
  /eyJ[\w-]+(?:\.[\w-]*){1,4}|\b(?:bearer|basic)\s+\S+|\b(?:code|code_verifier|access_token|refresh_token|client_secret|token|state)=[^&\s"]+|(?<![\w-])[A-Za-z0-9_-]{43}(?![\w-])/gi;
const UNPRINTABLE = /[^\x20-\x7e]/g;

const escapeUnit = (character: string): string =>
  `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** The text in printable ASCII: it cannot break a line or move a terminal's cursor. */
export function escapeUnprintable(text: string): string {
  return text.replace(UNPRINTABLE, escapeUnit);
}

/** The text without anything that looks like a credential. */
export function redact(text: string): string {
  return text.replace(CREDENTIALS, '[redacted]');
}

/** One line of the log: ASCII JSON that ends with a line feed. */
export function formatLine(level: LogLevel, event: string, fields: LogFields, time: Date): string {
  const entry: Record<string, unknown> = { time: time.toISOString(), level, event };
  for (const [key, value] of Object.entries(fields)) {
    entry[key] = typeof value === 'string' ? redact(value.slice(0, VALUE_LENGTH)) : value;
  }
  return `${escapeUnprintable(JSON.stringify(entry))}\n`;
}

/** Opens the log. Throws `FILE_UNSAFE` or `HOME_UNUSABLE` if the file cannot be had; later failures only drop lines. */
export function openLog(file: string, level: LogLevel, maxBytes: number = limits.logBytes): Log {
  let { descriptor, size } = openForAppend(file);
  let dropped = 0;

  /** The number of a closed descriptor is soon another file's: nothing may be written to it. */
  function close(): void {
    if (descriptor !== CLOSED) closeSync(descriptor);
    descriptor = CLOSED;
  }

  function rotate(): void {
    close();
    for (let index = limits.logFiles - 1; index > 0; index--) {
      try {
        moveFile(index === 1 ? file : `${file}.${index - 1}`, `${file}.${index}`);
      } catch {
        // The older file does not exist yet, or the disk refuses: appending goes on either way.
      }
    }
    ({ descriptor, size } = openForAppend(file));
  }

  /** A disk that filled up in mid-line took a part of it, which would spoil the next one. */
  function dropPart(written: number): void {
    ftruncateSync(descriptor, fstatSync(descriptor).size - written);
    dropped++;
  }

  function write(lineLevel: LogLevel, event: string, fields: LogFields = {}): void {
    if (RANK[lineLevel] > RANK[level]) return;
    try {
      if (size >= maxBytes) rotate();
      const line = formatLine(lineLevel, event, dropped ? { ...fields, dropped } : fields, new Date());
      const written = writeSync(descriptor, line);
      if (written === line.length) {
        size += written;
        dropped = 0;
      } else {
        dropPart(written);
      }
    } catch {
      dropped++;
    }
  }

  return {
    error: (event, fields) => write('error', event, fields),
    info: (event, fields) => write('info', event, fields),
    debug: (event, fields) => write('debug', event, fields),
    close,
  };
}
