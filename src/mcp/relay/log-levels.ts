import type { Client } from '../client.ts';

/** RFC 5424, the most talkative first. */
const LEVELS = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'];
/** What a client gets that has set none while another one has. */
const DEFAULT_RANK = LEVELS.indexOf('info');

export interface LogLevels {
  set(client: Client, level: string): void;
  remove(client: Client): void;
  of(client: Client): string | undefined;
  /** True if the server must be told, as nobody has asked for so much before. */
  raise(level: string): boolean;
  /** What the server must be set to so that everybody gets their own; undefined while nobody has asked. */
  mostTalkative(): string | undefined;
  /** Whether a message of this level is for the client. */
  admits(client: Client, level: unknown): boolean;
}

export const isLogLevel = (level: unknown): level is string =>
  typeof level === 'string' && LEVELS.includes(level);

/** Whether a message of this level is for whoever asked for `wanted`; a level that we do not know always is. */
export const ranksAtLeast = (level: unknown, wanted: string): boolean =>
  !isLogLevel(level) || LEVELS.indexOf(level) >= LEVELS.indexOf(wanted);

/**
 * The log level of each client. The server knows only one, the most talkative that anybody ever asked for: what is too
 * much for a client is left out here.
 */
export function createLogLevels(): LogLevels {
  const ranks = new Map<Client, number>();
  let lowest: number | undefined;
  const levelOf = (rank: number | undefined) => (rank === undefined ? undefined : LEVELS[rank]);
  return {
    set: (client, level) => ranks.set(client, LEVELS.indexOf(level)),
    raise(level) {
      const rank = LEVELS.indexOf(level);
      if (lowest !== undefined && rank >= lowest) return false;
      lowest = rank;
      return true;
    },
    mostTalkative: () => levelOf(lowest),
    remove: (client) => ranks.delete(client),
    of: (client) => levelOf(ranks.get(client)),
    admits(client, level) {
      // Nobody has chosen, or it is a level that we do not know: the server's own choice stands.
      if (lowest === undefined || !isLogLevel(level)) return true;
      return LEVELS.indexOf(level) >= (ranks.get(client) ?? DEFAULT_RANK);
    },
  };
}
