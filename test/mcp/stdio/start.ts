import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { Log, LogFields } from '../../../src/log.ts';
import type { JsonRpcMessage } from '../../../src/mcp/json-rpc.ts';
import { createProcessRegistry } from '../../../src/mcp/stdio/process-registry.ts';
import { createStdioUpstream } from '../../../src/mcp/stdio/stdio-upstream.ts';
import type { Connection, Details } from '../../../src/mcp/upstream.ts';
import type { UpstreamDefinition } from '../../../src/upstreams.ts';
import { createHome, type Home } from '../../support/home.ts';
import { endProcessesOf } from '../../support/run.ts';
import { waitFor } from '../../support/wait-for.ts';

/** Behaves as its first argument says. */
export const CHILD = fileURLToPath(new URL('../../fixtures/stdio-child.mjs', import.meta.url));

export interface LogLine extends LogFields {
  readonly event: string;
}

export function createTestLog(): Log & { readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const write = (event: string, fields?: LogFields): void => void lines.push({ event, ...fields });
  return { lines, error: write, info: write, debug: write, close: () => undefined };
}

export interface StartOptions {
  readonly definition?: Partial<UpstreamDefinition>;
  readonly workspace?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly home?: Home;
}

export interface Started {
  readonly home: Home;
  readonly connection: Connection;
  readonly pid: number;
  readonly received: readonly { readonly message: JsonRpcMessage; readonly details: Details }[];
  /** Every reason that `ended` was called with. */
  readonly ended: readonly string[];
  readonly log: readonly LogLine[];
  /** The result of the response with this id, once it has come. */
  result(id: number): Promise<unknown>;
}

/** A home whose processes are gone when the test ends. */
export function createStdioHome(): Home {
  const home = createHome();
  onTestFinished(() => endProcessesOf(home.dir));
  return home;
}

/** Starts a server as the gateway does; without a command it is the fixture with these arguments. */
export async function start(args: readonly string[], options: StartOptions = {}): Promise<Started> {
  const { definition, workspace, env, home = createStdioHome() } = options;
  const log = createTestLog();
  const received: { message: JsonRpcMessage; details: Details }[] = [];
  const ended: string[] = [];
  const upstream = createStdioUpstream({
    definition: {
      name: 'fixture',
      command: process.execPath,
      args: [CHILD, ...args],
      env: {},
      envFile: undefined,
      cwd: undefined,
      sharing: 'shared',
      enabled: true,
      ...definition,
    },
    workspace,
    env: { ...home.env, ...env },
    log,
    processes: createProcessRegistry({ upstreamProcesses: `${home.dir}/processes.json` }, log),
  });
  const connection = await upstream.connect({
    deliver: (message, details) => received.push({ message, details }),
    ended: (reason) => ended.push(reason),
  });
  onTestFinished(() => connection.close());
  const find = (id: number) =>
    received.map(({ message }) => message).find((message) => 'result' in message && message.id === id);
  return {
    home,
    connection,
    pid: connection.pid ?? -1,
    received,
    ended,
    log: log.lines,
    async result(id) {
      const message = await waitFor(`the response ${id}`, () => find(id));
      return 'result' in message ? message.result : undefined;
    },
  };
}
