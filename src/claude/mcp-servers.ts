import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { homeDirectory } from '../home-directory.ts';
import { isObject, type JsonObject, parseObject } from '../json-object.ts';
import { readRegularFile } from './read-regular-file.ts';

/** Claude keeps histories in the same file: it grows to megabytes. */
const FILE_BYTES = 67_108_864;

/** An MCP server of Claude's own configuration. */
export interface ClaudeServer {
  readonly name: string;
  /** As `claude mcp --scope` says it. */
  readonly scope: 'local' | 'project' | 'user';
  readonly file: string;
  readonly entry: unknown;
}

export interface ClaudeServersOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  warn(line: string): void;
}

function readConfiguration(file: string, warn: ClaudeServersOptions['warn']): JsonObject {
  if (!existsSync(file)) return {};
  const read = readRegularFile(file, FILE_BYTES);
  const found = 'bytes' in read ? parseObject(read.bytes.toString('utf8')) : undefined;
  if (!found) warn(`${file} ${'problem' in read ? read.problem : 'is not JSON'}; its servers are left out`);
  return found ?? {};
}

/**
 * The servers that Claude knows in this directory, the strongest of a name first: its own for the project (local),
 * the project's `.mcp.json`, the user's. Reads only.
 */
export function readClaudeServers({ env, cwd, warn }: ClaudeServersOptions): ClaudeServer[] {
  const userFile = join(env.CLAUDE_CONFIG_DIR || homeDirectory(env), '.claude.json');
  const projectFile = join(cwd, '.mcp.json');
  const user = readConfiguration(userFile, warn);
  const local = isObject(user.projects) ? user.projects[cwd] : undefined;
  const list = (scope: ClaudeServer['scope'], file: string, configuration: unknown): ClaudeServer[] => {
    const servers = isObject(configuration) ? configuration.mcpServers : undefined;
    const entries = isObject(servers) ? Object.entries(servers) : [];
    return entries.map(([name, entry]) => ({ name, scope, file, entry }));
  };
  return [
    ...list('local', userFile, local),
    ...list('project', projectFile, readConfiguration(projectFile, warn)),
    ...list('user', userFile, user),
  ];
}
