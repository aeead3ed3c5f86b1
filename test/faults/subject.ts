import { mkdirSync } from 'node:fs';
import { askControl, mintFor } from '../support/control.ts';
import type { Home } from '../support/home.ts';
import type { EngineName } from '../support/listen.ts';
import { createProgramHome, startDaemon, withDescriptors } from '../support/program.ts';
import { type ServerEntry, writeServers } from '../support/upstreams.ts';
import { waitFor } from '../support/wait-for.ts';
import { heapReporting } from './meter.ts';

/** The daemon of a line. */
export interface Subject {
  readonly home: Home;
  readonly pid: number;
  readonly port: number;
  /** The roots a client trusts, as PEM. */
  readonly ca: string;
  /** Tokens of so many grants, as a launcher in so many directories gets them. */
  mint(grants: number): Promise<string[]>;
  /** Connections and sessions open beside whoever asks. */
  open(): Promise<{ connections: number; sessions: number }>;
  /** Waits until everybody has left. */
  allGone(): Promise<void>;
}

export interface SubjectOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly servers?: Readonly<Record<string, ServerEntry>>;
  /** Files that it may have open. */
  readonly descriptors?: number;
}

/** Longer than a connection may stay whose reset was not heard of. */
const GONE_MS = 40_000;

/** The built daemon on that engine; gone with the test. Its heap can be measured. */
export async function startSubject(
  engine: EngineName,
  { env = {}, servers = {}, descriptors }: SubjectOptions = {},
): Promise<Subject> {
  const home = await createProgramHome({ CLAUDE_SECURE_ENGINE: engine, CLAUDE_SECURE_IDLE: '0', ...env });
  mkdirSync(home.paths.root, { recursive: true, mode: 0o700 });
  writeServers(home, servers);
  const through = descriptors === undefined ? [] : withDescriptors(descriptors);
  const { state, ca } = await startDaemon(home, heapReporting(home), through);
  const open: Subject['open'] = async () => {
    const { connections, sessions } = await askControl(home, 'status', {});
    return { connections, sessions };
  };
  return {
    home,
    pid: state.pid,
    port: state.port,
    ca,
    async mint(grants) {
      const tokens = [];
      for (let index = 0; index < grants; index++) tokens.push(await mintFor(home, `/workspace-${index}`));
      return tokens;
    },
    open,
    async allGone() {
      const isEmpty = async (): Promise<boolean> => {
        const { connections, sessions } = await open();
        return connections + sessions === 0;
      };
      await waitFor('everybody to be gone', isEmpty, GONE_MS);
    },
  };
}
