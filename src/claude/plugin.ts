import { dirname, join } from 'node:path';
import { ensurePrivateDirectory, readOwnFile, writeFileAtomic } from '../files.ts';
import type { Paths } from '../paths.ts';
import { VERSION } from '../version.ts';

const MANIFEST = {
  name: 'claude-secure',
  version: VERSION,
  description: 'The local HTTPS MCP server of claude-secure',
};

/**
 * The plugin through which `claude mcp list|get|login|logout` sees our server: these look at no `--mcp-config`
 * (measured on both versions). Returns its directory, written only when something in it changes.
 */
export function ensurePlugin(paths: Paths, servers: unknown): string {
  const directory = join(paths.launch, 'plugin');
  const files = { [join('.claude-plugin', 'plugin.json')]: MANIFEST, '.mcp.json': servers };
  for (const [name, value] of Object.entries(files)) {
    const file = join(directory, name);
    const text = `${JSON.stringify(value)}\n`;
    if (readOwnFile(file) === text) continue;
    ensurePrivateDirectory(dirname(file));
    writeFileAtomic(file, text);
  }
  return directory;
}
