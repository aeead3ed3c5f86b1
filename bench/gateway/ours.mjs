import { mkdirSync, writeFileSync } from 'node:fs';
import { BIN, createHome, mint } from '../daemon.mjs';
import { openSession, openStateless } from './http-client.mjs';
import { startProgram, waitUntil } from './processes.mjs';

/** A home with these upstreams: the argv of each by its name. */
function createGatewayHome(engine, upstreams) {
  const home = createHome(process.execPath, { CLAUDE_SECURE_ENGINE: engine });
  const root = home.env.CLAUDE_SECURE_HOME;
  const entries = Object.entries(upstreams).map(([name, [command, ...args]]) => [name, { command, args }]);
  mkdirSync(root, { recursive: true, mode: 0o700 });
  writeFileSync(`${root}/upstreams.json`, JSON.stringify({ mcpServers: Object.fromEntries(entries) }), {
    mode: 0o600,
  });
  return home;
}

/** The daemon of that home, and clients of it. */
function describe(home) {
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

/** A daemon as everybody has it. */
export function startOurs(engine, upstreams) {
  const home = createGatewayHome(engine, upstreams);
  try {
    home.run('restart');
    return describe(home);
  } catch (error) {
    home.stop();
    throw error;
  }
}

/** A daemon in the foreground that loads `module` first, for it takes no NODE_OPTIONS from anybody. */
export async function startOursWith(module, engine, { upstreams, env }) {
  const home = createGatewayHome(engine, upstreams);
  const program = startProgram([process.execPath, '--import', module, BIN, 'serve'], {
    env: { ...home.env, ...env },
  });
  async function stop() {
    await program.stop();
    home.stop();
  }
  try {
    await waitUntil(async () => {
      if (!(await mint(home, '/bench'))) throw new Error('the daemon is not ready');
    });
    return { ...describe(home), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
