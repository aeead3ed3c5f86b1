import { setUwsHeaderBytes } from '../config.ts';
import { errnoOf, Failure } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Engine } from './engine.ts';
import { createHttpsEngine } from './https.ts';
import { createUwsEngine } from './uws.ts';

const FORCED = 'CLAUDE_SECURE_ENGINE asks for it';
/** uWebSockets.js' parser gets a little more room, so that `isHeadTooLarge` decides. */
const HEADER_SLACK_BYTES = 1_024;

function explain(error: unknown): string {
  if (errnoOf(error) === 'ERR_MODULE_NOT_FOUND') return 'uWebSockets.js is not installed';
  const text = String(error);
  const detail = /version `(GLIBC[^']*)' not found/.exec(text)?.[1];
  const cause = detail ? ` (${detail} not found)` : '';
  return `uWebSockets.js has no binary for Node ${process.versions.node} on this system${cause}`;
}

/**
 * uWebSockets.js where its binary loads, else node:https; `forced` allows one only. Throws
 * `ENGINE_UNAVAILABLE` if that one does not load.
 */
export async function chooseEngine(forced: 'uws' | 'https' | undefined): Promise<Engine> {
  if (forced === 'https') return createHttpsEngine(FORCED);
  // Read once, when the binary is loaded.
  setUwsHeaderBytes(limits.headerBytes + HEADER_SLACK_BYTES);
  try {
    const { default: uws } = await import('uWebSockets.js');
    return createUwsEngine(uws, forced ? FORCED : `its binary loads on Node ${process.versions.node}`);
  } catch (cause) {
    if (forced) throw new Failure('ENGINE_UNAVAILABLE', explain(cause), { cause });
    return createHttpsEngine(explain(cause));
  }
}
