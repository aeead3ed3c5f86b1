/** How a peer is brought up and lost, and how it is noticed that it hangs. */
import type { UpstreamState } from '../../control.ts';
import { isObject, type JsonObject } from '../../json-object.ts';
import { limits } from '../../limits.ts';
import { type Log, redact } from '../../log.ts';
import type { JsonRpcMessage, JsonRpcNotification, Params } from '../json-rpc.ts';
import { PROTOCOL_VERSIONS } from '../protocol-version.ts';
import type { Connection, Details, Upstream } from '../upstream.ts';
import type { BackOff } from './back-off.ts';
import type { OwnRequests } from './own-requests.ts';

export interface PeerOptions {
  readonly upstream: Upstream;
  /** What `initialize` says of us. */
  readonly params: JsonObject;
  readonly log: Log;
  nextId(): number;
  /** Takes every message but the answers to our own requests. */
  onMessage(message: JsonRpcMessage, details: Details): void;
  /** It is initialized; whoever waits for it comes after this. */
  onUp(result: Params): void;
  onDown(reason: string): void;
  /** Whether calls wait for an answer. */
  isBusy(): boolean;
  /** Whether anybody misses it when it ends by itself. */
  isMissed(): boolean;
  /** A monotonic clock in milliseconds. */
  nowMs(): number;
}

const WATCH_MS = 1_000;
const REASON_LENGTH = 500;
const INITIALIZED: JsonRpcNotification = { jsonrpc: '2.0', method: 'notifications/initialized' };

/** What changes while the peer lives. */
export interface Life {
  readonly options: PeerOptions;
  readonly backOff: BackOff;
  readonly own: OwnRequests;
  connection: Connection | undefined;
  /** Set while it is up. */
  result: Params | undefined;
  starting: Promise<Params> | undefined;
  /** Grows when it is stopped: a start that was under way then is not to go on. */
  generation: number;
  isClosed: boolean;
  restarts: number;
  hasFailed: boolean;
  lastError: string | undefined;
  heardMs: number;
  isPinged: boolean;
  watch: NodeJS.Timeout | undefined;
  revival: NodeJS.Timeout | undefined;
}

function noteFailure(life: Life, reason: string): void {
  const { upstream, log } = life.options;
  // The server itself may have written it: looking for credentials in 120 KB of its choice took 11 s (measured).
  life.lastError = redact(reason.slice(0, REASON_LENGTH)).replace(/\s+/g, ' ');
  life.hasFailed = true;
  life.backOff.failed();
  log.error('upstream.failed', { upstream: upstream.name, reason });
}

/** It is no longer there, whoever ended it. */
function goDown(life: Life, reason: string): void {
  const wasUp = life.result !== undefined;
  life.connection = undefined;
  life.result = undefined;
  clearInterval(life.watch);
  life.own.failAll(reason);
  if (wasUp) life.options.onDown(reason);
}

/** That connection ended without being told to; nothing if it is an earlier one. */
function lose(life: Life, lost: Connection | undefined, reason: string): void {
  if (lost === undefined || life.connection !== lost) return;
  noteFailure(life, reason);
  goDown(life, reason);
  revive(life);
}

/** Brings it back behind the clients that live on. */
function revive(life: Life): void {
  clearTimeout(life.revival);
  if (life.isClosed || life.result || !life.options.isMissed()) return;
  life.revival = setTimeout(() => {
    // A call that came meanwhile may have brought it back, or met another failure.
    if (!life.result) begin(life, life.backOff.remainingMs()).catch(() => revive(life));
  }, life.backOff.remainingMs()).unref();
}

function checkHang(life: Life): void {
  const { own, options } = life;
  const silentMs = options.nowMs() - life.heardMs;
  // One that reads nothing is refused every call, so none waits for it.
  if (!options.isBusy() && !life.connection?.isFull()) {
    life.heardMs = options.nowMs();
  } else if (silentMs >= limits.upstreamHangMs) {
    const hung = life.connection;
    lose(life, hung, `said nothing for ${limits.upstreamHangMs / 1_000} s, not even to a ping`);
    void hung?.close();
  } else if (silentMs >= limits.upstreamHangMs / 2 && !life.isPinged) {
    life.isPinged = true;
    own.request('ping').catch(() => undefined);
  }
}

/** A fault of ours costs that message, as `runHandler` has it for requests, and not the daemon with everybody's. */
function deliver(life: Life, message: JsonRpcMessage, details: Details): void {
  const { upstream, log, nowMs, onMessage } = life.options;
  life.heardMs = nowMs();
  life.isPinged = false;
  try {
    if ('method' in message || !life.own.settle(message)) onMessage(message, details);
  } catch (error) {
    log.error('upstream.fault', { upstream: upstream.name, error: String(error) });
  }
}

async function connect(life: Life): Promise<Connection> {
  const { generation, options } = life;
  const opened: Connection = await options.upstream.connect({
    deliver(message, details) {
      if (life.connection === opened) deliver(life, message, details);
    },
    ended: (reason) => lose(life, opened, reason),
  });
  if (life.generation !== generation) {
    void opened.close();
    throw new Error('was stopped');
  }
  life.connection = opened;
  life.heardMs = options.nowMs();
  life.watch = setInterval(checkHang, WATCH_MS, life).unref();
  return opened;
}

async function handshake({ own, options }: Life): Promise<Params> {
  const answer = await own.request('initialize', options.params);
  const { protocolVersion, capabilities } = answer;
  if (typeof protocolVersion !== 'string' || !PROTOCOL_VERSIONS.includes(protocolVersion)) {
    throw new Error(`speaks another protocol (version ${JSON.stringify(protocolVersion)})`);
  }
  if (!isObject(capabilities)) throw new Error('sent no capabilities');
  return answer;
}

/** Connects and initializes; whatever fails is noted before it is thrown. */
async function open(life: Life): Promise<Params> {
  const { generation } = life;
  let opened: Connection | undefined;
  life.backOff.started();
  try {
    opened = await connect(life);
    const result = await handshake(life);
    // It may have ended right behind its answer.
    if (life.connection !== opened) throw new Error('ended');
    opened.send(INITIALIZED);
    life.result = result;
    return result;
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    const reason = opened?.redact(said) ?? said;
    if (opened) lose(life, opened, reason);
    else if (life.generation === generation) noteFailure(life, reason);
    void opened?.close();
    throw error;
  }
}

async function start(life: Life): Promise<Params> {
  const { options } = life;
  const result = await open(life);
  if (life.hasFailed) life.restarts++;
  life.hasFailed = false;
  options.log.info('upstream.started', { upstream: options.upstream.name, pid: life.connection?.pid });
  options.onUp(result);
  return result;
}

function begin(life: Life, waitMs: number): Promise<Params> {
  if (life.starting) return life.starting;
  const { generation } = life;
  const starting = new Promise<void>((resolve) => setTimeout(resolve, waitMs).unref())
    .then(() => {
      if (life.generation !== generation) throw new Error('was stopped');
      return start(life);
    })
    .finally(() => {
      if (life.starting === starting) life.starting = undefined;
    });
  life.starting = starting;
  return starting;
}

export async function ready(life: Life): Promise<Params> {
  if (life.result) return life.result;
  if (life.isClosed) throw new Error('was removed');
  const waitMs = life.backOff.remainingMs();
  if (!life.starting && waitMs > limits.upstreamPatienceMs) {
    throw new Error(`${life.lastError}; the next try is in ${Math.ceil(waitMs / 1_000)} s`);
  }
  return begin(life, waitMs);
}

export function stateOf(life: Life): UpstreamState {
  if (life.result) return 'running';
  if (life.backOff.remainingMs() > 0) return 'waiting';
  return life.starting ? 'starting' : 'stopped';
}

export async function stop(life: Life): Promise<void> {
  const { connection } = life;
  life.generation++;
  life.starting = undefined;
  life.hasFailed = false;
  life.backOff.reset();
  clearTimeout(life.revival);
  goDown(life, 'was stopped');
  await connection?.close();
}
