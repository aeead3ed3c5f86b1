import { type ControlAction, type ControlActions, type ControlFailure, OWNER_HEADER } from '../control.ts';
import { Failure } from '../errors.ts';
import { type Exchange, type Handler, type Routes, respondJson } from '../exchange.ts';
import { type JsonObject, parseObject } from '../json-object.ts';
import { limits } from '../limits.ts';
import type { Log } from '../log.ts';
import { createRateLimiter } from '../rate.ts';
import { createRefusalLog } from '../refusal-log.ts';

/** What each action does. A body of the wrong form never reaches it: see `FORMS`. */
export type ControlHandlers = {
  [A in ControlAction]: (
    request: ControlActions[A]['request'],
  ) => ControlActions[A]['response'] | Promise<ControlActions[A]['response']>;
};

/** The members that each action's body must have, with their JSON types. */
const FORMS: {
  [A in ControlAction]: Record<keyof ControlActions[A]['request'], 'string' | 'boolean' | 'number'>;
} = {
  status: {},
  mint: { workspace: 'string', server: 'string' },
  shutdown: { instanceId: 'string', onlyIfIdle: 'boolean' },
  upstreams: {},
  traffic: { server: 'string', after: 'number', bodies: 'boolean' },
  reload: {},
  pending: {},
  approve: { code: 'string', approve: 'boolean' },
  clients: {},
  revoke: { clientId: 'string' },
};

function parseRequest(action: ControlAction, text: string): JsonObject | undefined {
  const request = parseObject(text);
  const form = Object.entries(FORMS[action]);
  return request && form.every(([key, type]) => typeof request[key] === type) ? request : undefined;
}

export interface ControlOptions {
  isOwner(candidate: string | undefined): boolean;
  handlers: ControlHandlers;
  log: Log;
}

/** Lets the owner through; answers everybody else. */
function createAdmission({ isOwner, log }: ControlOptions): (exchange: Exchange) => boolean {
  const failures = createRateLimiter(limits.controlFailuresPerMinute);
  const logRefusal = createRefusalLog(log);
  return (exchange) => {
    const { headers, peer } = exchange;
    const isPage = headers.origin !== undefined;
    // Never limited: every account on this host has the owner's address, and could lock the owner out.
    if (!isPage && !exchange.repeated.includes(OWNER_HEADER) && isOwner(headers[OWNER_HEADER])) {
      exchange.vouch();
      return true;
    }
    const wait = failures.take(peer);
    const status = isPage ? 403 : wait === undefined ? 401 : 429;
    logRefusal('control.refused', { path: exchange.path, peer, status });
    if (isPage) {
      respondJson(exchange, status, { error: 'forbidden', error_description: 'no browser may call this' });
    } else if (wait === undefined) {
      respondJson(exchange, status, { error: 'unauthorized' });
    } else {
      respondJson(exchange, status, { error: 'slow_down' }, { 'retry-after': String(wait) });
    }
    return false;
  };
}

/**
 * `POST /control/<action>`, for whoever holds the owner secret (R11b). A request with an `Origin` comes from a
 * page and is refused even with the secret.
 */
export function createControl(options: ControlOptions): Routes {
  const { handlers, log } = options;
  const admit = createAdmission(options);

  async function run(action: ControlAction, exchange: Exchange): Promise<void> {
    if (!admit(exchange)) return;
    if (exchange.headers['content-type'] !== 'application/json') {
      respondJson(exchange, 415, { error: 'invalid_request', error_description: 'send application/json' });
      return;
    }
    const request = parseRequest(action, (await exchange.body(limits.controlBodyBytes)).toString());
    if (!request) {
      respondJson(exchange, 400, { error: 'invalid_request' });
      return;
    }
    // The body's form was checked against FORMS, which the compiler holds to ControlActions.
    const handler = handlers[action] as (request: unknown) => unknown;
    try {
      const response = await handler(request);
      log.debug('control.done', { action });
      respondJson(exchange, 200, response);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      log.error('control.failed', { action, reason: error.message });
      const failure: ControlFailure = { error_description: error.message, hint: error.hint };
      respondJson(exchange, 503, { error: 'temporarily_unavailable', ...failure });
    }
  }

  return Object.fromEntries(
    (Object.keys(FORMS) as ControlAction[]).map((action): [string, Record<string, Handler>] => [
      `/control/${action}`,
      { POST: (exchange) => run(action, exchange) },
    ]),
  );
}
