import { fileURLToPath } from 'node:url';

/** The program that the daemon, and Claude's headers helper, are started with. */
export const ENTRY = fileURLToPath(new URL('../../bin/claude-secure.js', import.meta.url));
