import { readFileSync } from 'node:fs';

/** Our own version. Read, not imported: JSON modules print a warning on Node 20. */
export const VERSION: string = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
).version;
