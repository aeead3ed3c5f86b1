import { type JsonObject, parseObject } from '../json-object.ts';
import { readRegularFile } from './read-regular-file.ts';

/** Claude refuses larger settings files (measured). */
const SETTINGS_BYTES = 2_097_152;

/** The JSON object in a file; undefined when there is none: Claude itself complains about its settings. */
export function readObject(path: string): JsonObject | undefined {
  const read = readRegularFile(path, SETTINGS_BYTES);
  return 'bytes' in read ? parseObject(read.bytes.toString('utf8')) : undefined;
}
