import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { onTestFinished } from 'vitest';
import type { ControlAction, ControlActions } from '../../src/control.ts';
import type { Health } from '../../src/health.ts';
import { createDaemonHome, type DaemonHome } from '../daemon/home.ts';

/** What the daemon answers to each action; an action without an answer gets 404, as from an older daemon. */
export type Script = {
  [A in ControlAction]?: (request: ControlActions[A]['request']) => ControlActions[A]['response'];
};

export interface ScriptedDaemon extends DaemonHome {
  /** The control requests so far, in their order. */
  readonly asked: readonly { action: string; request: unknown }[];
}

/** A home whose daemon speaks our own protocol under our own certificate, and says what the test wants. */
export async function startScriptedDaemon(script: Script): Promise<ScriptedDaemon> {
  const home = await createDaemonHome();
  const health: Health & { status: string } = {
    status: 'ok',
    name: 'claude-secure',
    version: '0.1.0',
    apiLevel: 1,
    instanceId: 'scripted',
    pid: process.pid,
    startedAt: new Date().toISOString(),
    engine: 'https',
  };
  const asked: { action: string; request: unknown }[] = [];
  const pem = readFileSync(home.paths.identity);
  const server = createServer({ key: pem, cert: pem }, async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    if (request.url === '/health') return response.end(JSON.stringify(health));
    const action = request.url?.replace('/control/', '') as ControlAction;
    const body = JSON.parse(Buffer.concat(chunks).toString());
    asked.push({ action, request: body });
    const answer = script[action] as ((request: unknown) => unknown) | undefined;
    if (!answer) return response.writeHead(404).end('{}');
    return response.end(JSON.stringify(answer(body)));
  });
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: home.port }, resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  writeFileSync(home.paths.port, String(home.port), { mode: 0o600 });
  return { ...home, asked };
}
