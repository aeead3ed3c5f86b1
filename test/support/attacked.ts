import { expect } from 'vitest';
import type { Home } from './home.ts';
import type { EngineName } from './listen.ts';
import { ask } from './oauth-client.ts';
import { createProgramHome, type Daemon, readState, startDaemon } from './program.ts';
import { type RawAnswer, type RawRequest, sendRaw } from './raw-tls.ts';

/** The built daemon, and whoever sends it bytes. */
export interface Attacked {
  readonly home: Home;
  readonly daemon: Daemon;
  readonly port: number;
  readonly ca: string;
  /** The text with `HOST` and `PORT` replaced by the daemon's own. */
  place(text: string): string;
  /** Sends bytes as they are, on a connection of their own. */
  send(
    bytes: RawRequest['bytes'],
    options?: Partial<Omit<RawRequest, 'port' | 'ca' | 'bytes'>>,
  ): Promise<RawAnswer>;
  /** The same process still serves. */
  expectAlive(): Promise<void>;
}

/** Starts a daemon on the engine; `through` as in `startDaemon`. */
export async function startAttacked(
  engine: EngineName,
  extra: NodeJS.ProcessEnv = {},
  through: readonly string[] = [],
): Promise<Attacked> {
  const home = await createProgramHome({ CLAUDE_SECURE_ENGINE: engine });
  const daemon = await startDaemon(home, extra, through);
  return attackedAt(home, daemon);
}

/** The same with a daemon that runs already. */
export function attackedAt(home: Home, daemon: Daemon): Attacked {
  const { ca } = daemon;
  const { port, pid, instanceId } = daemon.state;
  return {
    home,
    daemon,
    port,
    ca,
    place: (text) => text.replaceAll(/\bHOST\b/g, `127.0.0.1:${port}`).replaceAll(/\bPORT\b/g, String(port)),
    send: (bytes, options = {}) => sendRaw({ port, ca, bytes, ...options }),
    async expectAlive() {
      const { status, text } = await ask(home, { path: '/health' });
      expect({ status, pid: JSON.parse(text).pid }).toEqual({ status: 200, pid });
      expect(readState(home)?.instanceId).toBe(instanceId);
    },
  };
}
