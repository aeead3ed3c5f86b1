import { mkdirSync, writeFileSync } from 'node:fs';
import { createHome, mint } from '../daemon.mjs';
import { openSession, openStateless } from './http-client.mjs';

/** A daemon with these upstreams: the argv of each by its name. */
export function startOurs(engine, upstreams) {
  const home = createHome(process.execPath, { CLAUDE_SECURE_ENGINE: engine });
  const root = home.env.CLAUDE_SECURE_HOME;
  const entries = Object.entries(upstreams).map(([name, [command, ...args]]) => [name, { command, args }]);
  const mcpServers = Object.fromEntries(entries);
  mkdirSync(root, { recursive: true, mode: 0o700 });
  writeFileSync(`${root}/upstreams.json`, JSON.stringify({ mcpServers }), { mode: 0o600 });
  try {
    home.run('restart');
  } catch (error) {
    home.stop();
    throw error;
  }

  const { pid, port } = home.state();
  const ca = home.ca();
  const tokens = new Map();
  async function where(name, workspace) {
    if (!tokens.has(workspace)) tokens.set(workspace, mint(home, workspace));
    const headers = { authorization: `Bearer ${await tokens.get(workspace)}` };
    return { url: `https://127.0.0.1:${port}/mcp/${name}`, ca, headers };
  }
  return {
    home,
    pid,
    openSession: async (name, workspace = '/bench') => openSession(await where(name, workspace)),
    openStateless: async (name, workspace = '/bench') => openStateless(await where(name, workspace)),
    stop: home.stop,
  };
}
