import type { Log } from '../../log.ts';
import type { Upstream } from '../upstream.ts';
import { startChild } from './child.ts';
import { openConnection } from './connection.ts';
import type { ProcessRegistry } from './process-registry.ts';
import { createRedactor } from './redactor.ts';
import { planStart, type StartOptions } from './start-plan.ts';
import { createUpstreamLog } from './upstream-log.ts';

export interface StdioUpstreamOptions extends StartOptions {
  readonly log: Log;
  readonly processes: ProcessRegistry;
}

/** An MCP server on stdio: each `connect` starts one process, which ends with its connection. */
export function createStdioUpstream({ log, processes, ...start }: StdioUpstreamOptions): Upstream {
  const { name } = start.definition;
  const upstreamLog = createUpstreamLog(name, log);
  return {
    name,
    async connect(peer) {
      const plan = planStart(start);
      const child = await startChild(plan, name, processes);
      return openConnection({ child, peer, upstreamLog, redact: createRedactor(plan.configured) });
    },
  };
}
