import { type Handler, respondJson } from '../exchange.ts';
import type { Log } from '../log.ts';
import type { Engine, Listener } from './engine.ts';

export interface Bound {
  readonly engine: Engine;
  readonly listener: Listener;
  /** Replaces what answers; until the first call every request gets 503. */
  answerWith(handler: Handler): void;
}

export interface BindOptions {
  host: string;
  port: number;
  credentialsFile: string;
  connections: number;
  log: Log;
}

const starting: Handler = (exchange) =>
  respondJson(exchange, 503, { error: 'temporarily_unavailable' }, { 'retry-after': '1' });

/**
 * Takes the port: of all daemons that try, one gets it (design 3: the bound port is the lock). Nothing else of
 * the daemon is opened before. Throws `PORT_TAKEN`.
 */
export async function bindPort(engine: Engine, { log, ...where }: BindOptions): Promise<Bound> {
  let answer = starting;
  const listener = await engine.listen({
    ...where,
    handle: (exchange) => answer(exchange),
    onFault: (error) => log.error('server.fault', { error: String(error) }),
  });
  return {
    engine,
    listener,
    answerWith(handler) {
      answer = handler;
    },
  };
}
