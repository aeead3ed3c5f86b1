import { limits } from '../limits.ts';
import type { Clock } from './clock.ts';
import { keys, type RecordOperation, type Records, readAll } from './records.ts';
import { newId } from './secrets.ts';
import { createSerial, type Serial } from './serial.ts';

/** The client behind `claude-secure` itself: it is nobody's registration and cannot use /oauth. */
export const LAUNCHER_ID = 'launcher';

export interface ClientRecord {
  readonly name: string;
  readonly redirectUris: readonly string[];
  readonly registeredAtMs: number;
  /** The owner has said yes to it at least once: it is kept. */
  readonly approved: boolean;
}

export type Client = ClientRecord & { readonly id: string };

/** Every registered client, in memory and in the store; few, as registrations are bounded and approvals human. */
export interface Clients {
  find(id: string): Client | undefined;
  /** Registers a client; past `limits.unapprovedClients` the oldest that nobody approved goes (R31). */
  add(client: Pick<ClientRecord, 'name' | 'redirectUris'>): Promise<Client>;
  /** What marks the client as approved, for the batch that creates its first grant. */
  approval(client: Client): RecordOperation;
  /** To be called once that batch is flushed. */
  markApproved(client: Client): void;
  remove(id: string): Promise<void>;
  all(): Iterable<Client>;
  /** Serialises what creates a client's first grant with what ends the client. */
  readonly serial: Serial;
  /** Removes what nobody approved within `limits.unapprovedClientMs`. */
  purge(): Promise<void>;
}

const removal = (id: string): RecordOperation => ({ type: 'del', key: keys.client(id) });

function write({ id, ...record }: Client): RecordOperation {
  return { type: 'put', key: keys.client(id), value: record };
}

export async function readClients(records: Records, clock: Clock): Promise<Clients> {
  const clients = new Map<string, Client>();
  for (const [id, record] of await readAll<ClientRecord>(records, keys.client(''))) {
    clients.set(id, { ...record, id });
  }

  /** Oldest first. */
  const unapproved = (): Client[] =>
    [...clients.values()]
      .filter(({ approved }) => !approved)
      .sort((a, b) => a.registeredAtMs - b.registeredAtMs);

  async function apply(gone: readonly Client[], added: readonly Client[] = []): Promise<void> {
    if (gone.length + added.length === 0) return;
    await records.batch([...gone.map(({ id }) => removal(id)), ...added.map(write)]);
    for (const { id } of gone) clients.delete(id);
    for (const client of added) clients.set(client.id, client);
  }

  return {
    serial: createSerial(),
    all: () => clients.values(),
    find: (id) => clients.get(id),
    async add({ name, redirectUris }) {
      const client: Client = {
        id: newId(),
        name,
        redirectUris,
        registeredAtMs: clock.nowMs(),
        approved: false,
      };
      const others = unapproved();
      await apply(others.slice(0, Math.max(0, others.length + 1 - limits.unapprovedClients)), [client]);
      return client;
    },
    approval: (client) => write({ ...client, approved: true }),
    markApproved(client) {
      clients.set(client.id, { ...client, approved: true });
    },
    async remove(id) {
      const client = clients.get(id);
      if (client) await apply([client]);
    },
    async purge() {
      const deadline = clock.nowMs() - limits.unapprovedClientMs;
      await apply(unapproved().filter(({ registeredAtMs }) => registeredAtMs <= deadline));
    },
  };
}
