import type { Log } from '../../src/log.ts';
import { createEventLog, type EventLog } from '../../src/mcp/event-log.ts';
import { createJournal } from '../../src/mcp/journal.ts';
import type { Records } from '../../src/mcp/records.ts';
import type { ReplayBudget } from '../../src/mcp/replay-buffer.ts';

const silent = (): void => undefined;
export const quiet: Log = { error: silent, info: silent, debug: silent, close: silent };

export interface JournaledLog {
  readonly log: EventLog;
  settled(): Promise<void>;
}

/** The event log of the one session in the records, as a daemon that starts now has it. */
export async function startLog(records: Records, budget: ReplayBudget = { bytes: 0 }): Promise<JournaledLog> {
  const journal = createJournal({ records, log: quiet });
  const [found] = await journal.readSessions();
  const session = journal.session('s1');
  if (!found) session.put({});
  const log = createEventLog(budget, { journal: session, restored: found?.streams });
  return { log, settled: journal.settled };
}
