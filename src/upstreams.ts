/**
 * upstreams.json: the stdio MCP servers behind the endpoint, in the form that Claude's own files have.
 *
 * ```json
 * {
 *   "mcpServers": {
 *     "memory": {
 *       "command": "npx",
 *       "args": ["-y", "@modelcontextprotocol/server-memory"],
 *       "env": { "MEMORY_FILE_PATH": "${HOME}/memory.json" },
 *       "envFile": "/home/you/secrets/memory.env",
 *       "cwd": "/home/you",
 *       "sharing": "per-workspace",
 *       "enabled": false
 *     }
 *   }
 * }
 * ```
 */

/** Who shares one process: every client, the clients of one project directory, or nobody. */
export type Sharing = 'shared' | 'per-workspace' | 'per-session';

export interface UpstreamDefinition {
  readonly name: string;
  /** `${VAR}` and `${VAR:-default}` in `command`, `args`, `env` and `cwd` are replaced when it starts. */
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Absolute. Lines of `NAME=value`, read when it starts. */
  readonly envFile: string | undefined;
  /** Absolute. Without it a per-workspace server starts in its workspace, any other in the home directory. */
  readonly cwd: string | undefined;
  readonly sharing: Sharing;
  readonly enabled: boolean;
}

const NAME = /^[a-z0-9-]{1,32}$/;
/** Path segments of our own below /mcp, and the name of our own server. */
const RESERVED: readonly string[] = ['code', 'messages', 'sse'];

/** Why the name cannot be an upstream's; undefined for a good one. */
export function nameProblem(name: string): string | undefined {
  if (!NAME.test(name)) return 'a name has 1 to 32 of a-z, 0-9 and -';
  return RESERVED.includes(name) ? `the name ${name} is our own` : undefined;
}
