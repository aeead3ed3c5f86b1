import { setTimeout as pass } from 'node:timers/promises';
import { httpsRequest } from '../support/https-request.ts';
import type { Subject } from './subject.ts';

const EVERY_MS = 50;

const META = 'io.modelcontextprotocol';
const CALL = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: {
    name: 'server_status',
    arguments: {},
    _meta: {
      [`${META}/protocolVersion`]: '2026-07-28',
      [`${META}/clientInfo`]: { name: 'normal', version: '1' },
      [`${META}/clientCapabilities`]: {},
    },
  },
});

/** What somebody saw who called a tool all the while. */
export interface NormalCalls {
  readonly calls: number;
  readonly wrong: number;
  readonly p99Ms: number;
}

/** A call of our own server's tool on a connection of its own; throws unless it is answered well. */
export async function callOnce({ port, ca }: Subject, token: string): Promise<void> {
  const { status, text } = await httpsRequest({
    port,
    ca,
    path: '/mcp',
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': 'server_status',
    },
    body: CALL,
  });
  if (status !== 200 || !text.includes('"structuredContent"')) throw new Error(`${status} ${text}`);
}

/** Calls one after the other until it is stopped. */
export function startNormalCalls(subject: Subject, token: string): { stop(): Promise<NormalCalls> } {
  const latencies: number[] = [];
  let wrong = 0;
  let isStopped = false;
  async function go(): Promise<void> {
    while (!isStopped) {
      const sinceMs = performance.now();
      await callOnce(subject, token).catch(() => wrong++);
      latencies.push(performance.now() - sinceMs);
      await pass(EVERY_MS);
    }
  }
  const done = go();
  return {
    async stop() {
      isStopped = true;
      await done;
      latencies.sort((a, b) => a - b);
      const p99Ms = latencies[Math.floor((latencies.length - 1) * 0.99)] ?? 0;
      return { calls: latencies.length, wrong, p99Ms };
    },
  };
}
