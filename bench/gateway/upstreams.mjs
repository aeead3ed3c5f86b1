import { fileURLToPath } from 'node:url';
import { clientProgram } from './processes.mjs';

const EVERYTHING = '@modelcontextprotocol/server-everything/dist/index.js';

/**
 * The reference server of npm. It asks each client for its roots, and whatever has asked once gets its calls one at a
 * time from our daemon; mcp-proxy does not pass the question on.
 */
export const everything = (mode = 'stdio') => [process.execPath, clientProgram(EVERYTHING), mode];

/** A server that takes no time, so that what is measured is the gateway. */
export const minimal = () => [
  process.execPath,
  fileURLToPath(new URL('../minimal-server.mjs', import.meta.url)),
];
