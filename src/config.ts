import { Failure } from './errors.ts';
import { limits } from './limits.ts';
import type { LogLevel } from './log.ts';

export interface Config {
  home: string | undefined;
  port: number | undefined;
  host: '127.0.0.1' | '0.0.0.0';
  hostnames: readonly string[];
  claude: string | undefined;
  engine: 'uws' | 'https' | undefined;
  require: boolean;
  log: LogLevel;
  idleMs: number;
  connections: number;
}

interface Setting<K extends keyof Config> {
  key: K;
  variable: string;
  type: string;
  fallback: string;
  meaning: string;
  parse(text: string): Config[K] | undefined;
}

const setting = <K extends keyof Config>(row: Setting<K>): Setting<K> => row;

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000 } as const;

function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  const match = /^(\d{1,6})([smh])$/.exec(text);
  return match ? Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS] : undefined;
}

function parseHostnames(text: string): string[] | undefined {
  const names = text.split(',').map((name) => name.trim().toLowerCase());
  const label = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?';
  return names.every((name) => new RegExp(`^${label}(\\.${label})*$`).test(name)) ? names : undefined;
}

const oneOf =
  <T extends string>(...values: T[]) =>
  (text: string): T | undefined =>
    values.find((value) => value === text);

/** Every variable that claude-secure reads. README and `help` are checked against this table. */
export const SETTINGS = [
  setting({
    key: 'home',
    variable: 'CLAUDE_SECURE_HOME',
    type: 'directory',
    fallback: 'the configuration directory of the platform',
    meaning: 'where certificates, keys, state and logs live',
    parse: (text) => text,
  }),
  setting({
    key: 'port',
    variable: 'CLAUDE_SECURE_PORT',
    type: '0-65535',
    fallback: '8443, else the next free port; then kept',
    meaning:
      'moves the daemon to this port (a new login for OAuth clients); 0 takes any free one at a first start',
    parse: (text) => (/^\d{1,5}$/.test(text) && +text <= 65_535 ? +text : undefined),
  }),
  setting({
    key: 'host',
    variable: 'CLAUDE_SECURE_HOST',
    type: '127.0.0.1 or 0.0.0.0',
    fallback: '127.0.0.1',
    meaning: '0.0.0.0 lets other machines connect, by the names and addresses of CLAUDE_SECURE_HOSTNAMES',
    parse: oneOf('127.0.0.1', '0.0.0.0'),
  }),
  setting({
    key: 'hostnames',
    variable: 'CLAUDE_SECURE_HOSTNAMES',
    type: 'names and IPv4 addresses, comma separated',
    fallback: 'none',
    meaning: 'further names for the certificate and the Host allow-list',
    parse: parseHostnames,
  }),
  setting({
    key: 'claude',
    variable: 'CLAUDE_SECURE_CLAUDE',
    type: 'file',
    fallback: 'the first claude on the PATH',
    meaning: 'the real claude to run',
    parse: (text) => text,
  }),
  setting({
    key: 'engine',
    variable: 'CLAUDE_SECURE_ENGINE',
    type: 'uws or https',
    fallback: 'uws where it loads, else https',
    meaning: 'forces one HTTP engine',
    parse: oneOf('uws', 'https'),
  }),
  setting({
    key: 'require',
    variable: 'CLAUDE_SECURE_REQUIRE',
    type: '0 or 1',
    fallback: '0',
    meaning: '1 fails with exit 125 instead of starting Claude without our server',
    parse: (text) => ({ '0': false, '1': true })[text],
  }),
  setting({
    key: 'log',
    variable: 'CLAUDE_SECURE_LOG',
    type: 'error, info or debug',
    fallback: 'info',
    meaning: 'how much the daemon writes to its log',
    parse: oneOf('error', 'info', 'debug'),
  }),
  setting({
    key: 'idleMs',
    variable: 'CLAUDE_SECURE_IDLE',
    type: 'duration: 90s, 30m, 3h, or 0 for never',
    fallback: '3h',
    meaning: 'the daemon ends after this long without an open connection',
    parse: parseDuration,
  }),
  setting({
    key: 'connections',
    variable: 'CLAUDE_SECURE_CONNECTIONS',
    type: '1-1000000',
    fallback: '2000',
    meaning: 'connections open at once; whatever it says, 128 of the descriptors stay free',
    parse: (text) => (/^[1-9]\d{0,6}$/.test(text) && +text <= 1_000_000 ? +text : undefined),
  }),
] as const;

/** The process environment: the one place that reads it. */
export function environment(): NodeJS.ProcessEnv {
  return process.env;
}

/**
 * Sets how large a request head uWebSockets.js accepts: it takes this from the environment alone, when its binary
 * is loaded, and its default of 4 KiB is too little for a token and a long authorize URL (measured).
 */
export function setUwsHeaderBytes(bytes: number): void {
  process.env.UWS_HTTP_MAX_HEADERS_SIZE = String(bytes);
}

/** Reads every setting; an empty variable counts as unset. Throws `CONFIG_INVALID` for a value it cannot read. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const config: Config = {
    home: undefined,
    port: undefined,
    host: '127.0.0.1',
    hostnames: [],
    claude: undefined,
    engine: undefined,
    require: false,
    log: 'info',
    idleMs: 3 * UNIT_MS.h,
    connections: limits.connections,
  };
  for (const { key, variable, type, parse } of SETTINGS) {
    const text = env[variable];
    if (!text) continue;
    const value = parse(text);
    if (value === undefined) {
      throw new Failure('CONFIG_INVALID', `${variable} is ${JSON.stringify(text)}, not ${type}`);
    }
    Object.assign(config, { [key]: value });
  }
  return config;
}
