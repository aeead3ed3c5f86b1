import { SETTINGS } from '../config.ts';
import type { Paths } from '../paths.ts';
import { quoteCommand } from './quote.ts';

/** Our server's name in Claude: its tools are `mcp__code__…`. */
export const SERVER = 'code';

export interface HelperOptions {
  readonly paths: Pick<Paths, 'root'>;
  /** Node and our own bin, both absolute. */
  readonly helperCommand: readonly string[];
  readonly platform: NodeJS.Platform;
  /** Of this launch. */
  readonly env: NodeJS.ProcessEnv;
}

/** The arguments that have env(1) set our variables as they are at this launch, and no others of ours. */
function pinVariables({ env, paths }: HelperOptions): string[] {
  const pinned: NodeJS.ProcessEnv = { ...env, CLAUDE_SECURE_HOME: paths.root };
  const names = SETTINGS.map(({ variable }) => variable);
  const unset = ['NODE_OPTIONS', ...names.filter((name) => !pinned[name])];
  const set = names.filter((name) => pinned[name]);
  return [...unset.flatMap((name) => ['-u', name]), ...set.map((name) => `${name}=${pinned[name]}`)];
}

/**
 * The words of our hidden command. It is told our variables: a background session runs it with the environment
 * of Claude's own daemon (measured), and a project's settings may have others for whatever Claude starts, which
 * would move the daemon or open it to the network (R59).
 */
export function describeHelper(options: HelperOptions, server: string): string[] {
  const pin = options.platform === 'win32' ? [] : ['/usr/bin/env', ...pinVariables(options)];
  return [...pin, ...options.helperCommand, 'headers', server];
}

/** What runs on this machine for Claude to connect to. */
export interface Served {
  readonly port: number;
  /** The names of the servers behind the daemon, beside our own. */
  readonly upstreams: readonly string[];
}

/** The names of all servers that Claude gets from us. */
export const serverNames = ({ upstreams }: Pick<Served, 'upstreams'>): string[] => [SERVER, ...upstreams];

/**
 * Our servers as Claude's configuration files say them. They hold no secret: Claude runs the helper for the
 * headers.
 */
export function describeServers({ served, ...helper }: HelperOptions & { readonly served: Served }) {
  // The literal address: on [::1] a different program may own the port.
  const endpoint = `https://127.0.0.1:${served.port}/mcp`;
  const entries = serverNames(served).map((name) => {
    const headersHelper = quoteCommand(describeHelper(helper, name), helper.platform);
    return [name, { type: 'http', url: name === SERVER ? endpoint : `${endpoint}/${name}`, headersHelper }];
  });
  return { mcpServers: Object.fromEntries(entries) };
}
