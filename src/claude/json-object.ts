import { readRegularFile } from './read-regular-file.ts';

/** Claude refuses larger settings files (measured). */
const SETTINGS_BYTES = 2_097_152;

export type JsonObject = Record<string, unknown>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The JSON object in the text, or undefined. */
export function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The JSON object in a file; undefined when there is none: Claude itself complains about its settings. */
export function readObject(path: string): JsonObject | undefined {
  const read = readRegularFile(path, SETTINGS_BYTES);
  return 'bytes' in read ? parseObject(read.bytes.toString('utf8')) : undefined;
}
