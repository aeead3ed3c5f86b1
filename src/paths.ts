/**
 * Every file that claude-secure keeps. One root, mode 0700; whatever is secret is 0600.
 *
 * | file                    | written by   | mode | what it is                                              |
 * |-------------------------|--------------|------|---------------------------------------------------------|
 * | .gitignore              | first run    | 0600 | `*`: a dotfile repository never takes a key              |
 * | certs/authority.pem     | certificate  | 0600 | issuing key + issuing certificate + root certificate    |
 * | certs/identity.pem      | certificate  | 0600 | server key + server, issuing and root certificate       |
 * | certs/server.pem        | certificate  | 0644 | the identity without its key (the file people copy)     |
 * | certs/ca-bundle.pem     | certificate  | 0644 | the root certificates that clients trust                |
 * | upstreams.json          | upstream     | 0600 | the MCP servers behind the endpoint (src/upstreams.ts)  |
 * | upstream-processes.json | daemon       | 0600 | their processes, to end those of a daemon that was killed |
 * | port                    | daemon       | 0600 | the port, decimal: chosen once, then kept               |
 * | state.json              | daemon       | 0600 | the running daemon (src/state.ts); absent when stopped  |
 * | start.lock              | launcher     | 0600 | who is starting the daemon, or changing upstreams.json  |
 * | crash.json              | launcher     | 0600 | failed starts, to back off                              |
 * | owner.secret            | daemon       | 0600 | 256 bits, base64url: the owner's key to /control        |
 * | signing-keys.json       | oauth        | 0600 | JWK set, private: the token signing keys                |
 * | store/                  | store        | 0700 | LevelDB: clients, grants, sessions with their last events, what servers offer |
 * | logs/daemon.log{,.1,.2} | daemon       | 0600 | JSON lines                                              |
 * | logs/boot.log           | daemon start | 0600 | stdout and stderr of the last start                     |
 * | launch/*                | launcher     | 0600 | settings, MCP configs, bundles (0644), named by content |
 */
import { isAbsolute, join, resolve } from 'node:path';
import type { Config } from './config.ts';
import { homeDirectory } from './home-directory.ts';

export interface Paths {
  root: string;
  gitignore: string;
  certificates: string;
  authority: string;
  identity: string;
  serverCertificate: string;
  caBundle: string;
  upstreams: string;
  upstreamProcesses: string;
  port: string;
  state: string;
  startLock: string;
  crash: string;
  ownerSecret: string;
  signingKeys: string;
  store: string;
  logs: string;
  daemonLog: string;
  bootLog: string;
  launch: string;
}

function platformRoot(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string {
  const home = homeDirectory(env);
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'claude-secure');
  if (platform === 'win32') return join(env.APPDATA ?? join(home, 'AppData', 'Roaming'), 'claude-secure');
  // The XDG specification tells readers to ignore a relative value.
  const xdg = env.XDG_CONFIG_HOME;
  return join(xdg && isAbsolute(xdg) ? xdg : join(home, '.config'), 'claude-secure');
}

/** Where everything lives; `CLAUDE_SECURE_HOME` moves it, a relative value counts from the current directory. */
export function resolvePaths(
  config: Pick<Config, 'home'>,
  env: NodeJS.ProcessEnv,
  platform: NodeJS.Platform = process.platform,
): Paths {
  const root = config.home === undefined ? platformRoot(env, platform) : resolve(config.home);
  const certificates = join(root, 'certs');
  const logs = join(root, 'logs');
  return {
    root,
    gitignore: join(root, '.gitignore'),
    certificates,
    authority: join(certificates, 'authority.pem'),
    identity: join(certificates, 'identity.pem'),
    serverCertificate: join(certificates, 'server.pem'),
    caBundle: join(certificates, 'ca-bundle.pem'),
    upstreams: join(root, 'upstreams.json'),
    upstreamProcesses: join(root, 'upstream-processes.json'),
    port: join(root, 'port'),
    state: join(root, 'state.json'),
    startLock: join(root, 'start.lock'),
    crash: join(root, 'crash.json'),
    ownerSecret: join(root, 'owner.secret'),
    signingKeys: join(root, 'signing-keys.json'),
    store: join(root, 'store'),
    logs,
    daemonLog: join(logs, 'daemon.log'),
    bootLog: join(logs, 'boot.log'),
    launch: join(root, 'launch'),
  };
}
