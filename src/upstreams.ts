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

import { Failure } from './errors.ts';
import { readOwnFile, writeFileAtomic } from './files.ts';
import { type JsonMember, type JsonNode, JsonProblem, parseJsonNode, placeText } from './json-node.ts';
import {
  type JsonReader,
  readAbsolutePath,
  readMembers,
  readOneOf,
  readSwitch,
  readText,
  readVariables,
  readWords,
  refuseUnknownMembers,
} from './json-readers.ts';

const SHARINGS = ['shared', 'per-workspace', 'per-session'] as const;

/** Who shares one process: every client, the clients of one project directory, or nobody. */
export type Sharing = (typeof SHARINGS)[number];

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

/** With a hyphen in front a command line would take it for an option. */
const NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;
/** Path segments of our own below /mcp, the name of our own server, and one that every object of JavaScript has. */
const RESERVED: readonly string[] = ['code', 'constructor', 'messages', 'sse'];

/** Why the name cannot be an upstream's; undefined for a good one. */
export function nameProblem(name: string): string | undefined {
  if (!NAME.test(name)) return 'a name has 1 to 32 of a-z, 0-9 and -, the first no hyphen';
  return RESERVED.includes(name) ? `the name ${name} is reserved` : undefined;
}

const MEMBERS: readonly string[] = ['command', 'args', 'env', 'envFile', 'cwd', 'sharing', 'enabled', 'type'];

/** Claude writes it into every entry, so that one that is copied from there has it too. */
function refuseRemote(members: ReadonlyMap<string, JsonMember>, name: string): void {
  const type = members.get('type')?.node;
  if (type === undefined || readText(type, `${name}.type`) === 'stdio') return;
  throw new JsonProblem(`${name}.type must be stdio: Claude connects to remote servers itself`, type.at);
}

const readCommand: JsonReader<string> = (node, what) => {
  const command = readText(node, what);
  if (command.trim() === '') throw new JsonProblem(`${what} is empty`, node.at);
  return command;
};

/** What a `${VAR}` in front stands for is known only when the server starts. */
const readDirectory: JsonReader<string> = (node, what) =>
  String(node.value).startsWith('${') ? readText(node, what) : readAbsolutePath(node, what);

function readDefinition(name: string, { at, node }: JsonMember): UpstreamDefinition {
  const problem = nameProblem(name);
  if (problem) throw new JsonProblem(`${JSON.stringify(name)} cannot be a server: ${problem}`, at);
  const members = readMembers(node, name);
  refuseRemote(members, name);
  refuseUnknownMembers(members, MEMBERS, name);
  function read<T, F>(member: string, as: JsonReader<T>, fallback: F): T | F {
    const found = members.get(member);
    return found ? as(found.node, `${name}.${member}`) : fallback;
  }
  const command = read('command', readCommand, undefined);
  if (command === undefined) throw new JsonProblem(`${name}.command is missing`, at);
  return {
    name,
    command,
    args: read('args', readWords, []),
    env: read('env', readVariables, {}),
    envFile: read('envFile', readAbsolutePath, undefined),
    cwd: read('cwd', readDirectory, undefined),
    sharing: read('sharing', readOneOf(SHARINGS), 'shared'),
    enabled: read('enabled', readSwitch, true),
  };
}

function readFile(root: JsonNode): UpstreamDefinition[] {
  const members = readMembers(root, 'the file');
  refuseUnknownMembers(members, ['mcpServers'], 'the file');
  const servers = members.get('mcpServers');
  // Not the same as none: a slip in an editor must not end every server.
  if (!servers) throw new JsonProblem('mcpServers is missing', root.at);
  return [...readMembers(servers.node, 'mcpServers')].map(([name, member]) => readDefinition(name, member));
}

/** Reads the text of upstreams.json. Throws `CONFIG_INVALID` with the place, the server and the member at fault. */
export function parseUpstreams(text: string): readonly UpstreamDefinition[] {
  try {
    return readFile(parseJsonNode(text));
  } catch (error) {
    if (!(error instanceof JsonProblem)) throw error;
    throw new Failure('CONFIG_INVALID', `upstreams.json, ${placeText(text, error.at)}: ${error.message}`, {
      hint: 'correct it; until then the daemon goes on with the last good one that it has read',
    });
  }
}

/** The upstreams in the file; none when there is no file. Throws `CONFIG_INVALID` and `FILE_UNSAFE`. */
export function readUpstreams(file: string): readonly UpstreamDefinition[] {
  const text = readOwnFile(file);
  return text === undefined ? [] : parseUpstreams(text);
}

/** JSON leaves out what is undefined: a file shows only what somebody chose. */
function entryOf({ command, args, env, envFile, cwd, sharing, enabled }: UpstreamDefinition): object {
  return {
    command,
    args: args.length > 0 ? args : undefined,
    env: Object.keys(env).length > 0 ? env : undefined,
    envFile,
    cwd,
    sharing: sharing === 'shared' ? undefined : sharing,
    enabled: enabled ? undefined : false,
  };
}

/** Replaces the file as a whole (0600), the servers in the order of their names. Throws what file writing throws. */
export function writeUpstreams(file: string, definitions: readonly UpstreamDefinition[]): void {
  const sorted = [...definitions].sort((left, right) => (left.name < right.name ? -1 : 1));
  const mcpServers = Object.fromEntries(sorted.map((definition) => [definition.name, entryOf(definition)]));
  writeFileAtomic(file, `${JSON.stringify({ mcpServers }, null, 2)}\n`);
}
