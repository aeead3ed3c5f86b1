/** Whom something that the server says of its own accord is for: stdio has no word for that. */
import { limits } from '../../limits.ts';
import type { JsonRpcNotification, JsonRpcRequest, RequestId } from '../json-rpc.ts';
import type { PendingCall } from './pending-calls.ts';
import type { Addressee } from './questions.ts';
import { noteElicitation, type RelayState } from './state.ts';
import { relatedTask } from './task-owners.ts';

const AMBIGUOUS = 'ambiguous';
const UNCLEAR = 'it is not clear whom to ask';

/**
 * The calls that the server may be at work on. A question comes of those that have taken a turn, if there are any; one
 * that is parked waits for an answer before it asks again, but may go on talking.
 */
function callsUnderWay({ pending, turns, parked }: RelayState, isQuestion: boolean): PendingCall[] {
  const all = pending.all().filter(({ isSent }) => isSent);
  if (!isQuestion) return all;
  const served = all.filter(({ ownId }) => !parked.has(ownId));
  const running = new Set(turns.running());
  const inTurn = (calls: PendingCall[]): PendingCall[] => calls.filter(({ ownId }) => running.has(ownId));
  return [inTurn(served), inTurn(all)].find(({ length }) => length > 0) ?? served;
}

/** The owner of the task that a message names, if it is still there. */
function ownerOf({ owners, clients, pending }: RelayState, task: unknown): Addressee | undefined {
  const client = owners.of(task);
  if (!client || !clients.has(client)) return undefined;
  // Whoever waits for the task's result reads that answer; perhaps nothing else.
  const call = pending.all().find((open) => open.client === client && open.request.params?.taskId === task);
  return { client, call };
}

/** Whether all of the calls are of one client, and no other grant's call can be meant that the server still works on. */
function isOneClients({ cancelled }: RelayState, calls: readonly PendingCall[]): boolean {
  const [{ client } = {}, ...others] = calls;
  if (!client || others.some((call) => call.client !== client)) return false;
  return !cancelled.hasOthers(client.grantId);
}

/**
 * In this order: the request or task that the message names; the one client with calls under way; the one call that
 * waits for its client; the one client that listens. Never one of several, nor one beside another grant's calls that the
 * server may still be at work on: what is meant for one must not reach another (CVE-2026-25536).
 */
function addresseeOf(
  state: RelayState,
  message: JsonRpcRequest | JsonRpcNotification,
  relatedId?: RequestId,
): Addressee | typeof AMBIGUOUS | undefined {
  const { pending, clients, parked, served } = state;
  const related = relatedId === undefined ? undefined : pending.get(relatedId);
  if (related) return { client: related.client, call: related };
  const task = relatedTask(message.params);
  if (task !== undefined) return ownerOf(state, task);
  const calls = callsUnderWay(state, 'id' in message);
  const last = calls.at(-1);
  if (last) return isOneClients(state, calls) ? { client: last.client, call: last } : AMBIGUOUS;
  // A parked call may ask once more while nobody else is served.
  if (parked.size > 1) return AMBIGUOUS;
  const [waiting] = parked.keys();
  const call = waiting === undefined ? undefined : pending.get(waiting);
  if (call) return { client: call.client, call };
  const [only, ...others] = [...clients].filter((client) => client.isListening());
  const isClear = only && others.length === 0 && !served.hasOthers(only.grantId);
  return isClear ? { client: only, call: undefined } : undefined;
}

/** Passes a notification to the one it is for; to nobody if that cannot be told. */
export function notifyAddressee(
  state: RelayState,
  notification: JsonRpcNotification,
  { relatedId, admits }: { relatedId?: RequestId | undefined; admits?: (addressee: Addressee) => boolean },
): void {
  const addressee = addresseeOf(state, notification, relatedId);
  if (addressee === undefined || addressee === AMBIGUOUS) return;
  if (admits && !admits(addressee)) return;
  if (addressee.call) addressee.call.reply.notify(notification);
  else addressee.client.tell(notification);
}

/**
 * From now on, and for the next daemon too, its calls are made one at a time. What it asks while there is no call, as
 * many do for the roots when they start, no call has caused.
 */
function noteAsksBack(state: RelayState): void {
  if (state.isExclusive || state.pending.size === 0) return;
  state.turns.takeOneAtATime();
  state.catalog.keepAsksBack();
}

function ask(state: RelayState, question: JsonRpcRequest, addressee: Addressee): void {
  noteElicitation(state, addressee.client, question.params);
  state.questions.ask(question, addressee);
}

/**
 * Many ask for the roots as soon as they start, before the client whose connecting has started them can be asked, and never
 * again: the first call is waited for.
 */
const isTooEarly = ({ isFresh }: RelayState, { method }: JsonRpcRequest): boolean =>
  isFresh && method === 'roots/list';

/** Asks whoever caused the question; holds it while that is one of several. */
export function takeQuestion(state: RelayState, question: JsonRpcRequest): void {
  const { questions, held, nowMs } = state;
  noteAsksBack(state);
  const addressee = addresseeOf(state, question);
  if (addressee === undefined && !isTooEarly(state, question)) {
    questions.refuse(question, 'no client can be asked now');
  } else if (addressee === undefined || addressee === AMBIGUOUS) {
    held.add({ question, untilMs: nowMs() + limits.upstreamHangMs });
    askHeld(state);
  } else {
    ask(state, question, addressee);
  }
}

/**
 * Looks again at the questions that are held. Where every call under way waits for a question none of them will ever end,
 * so all are refused; so is what was held for too long.
 */
export function askHeld(state: RelayState): void {
  const { held, questions, nowMs } = state;
  const isStuck = held.size > 0 && held.size >= callsUnderWay(state, true).length;
  for (const one of held) {
    const addressee = addresseeOf(state, one.question);
    const mayBecomeClear =
      addressee === AMBIGUOUS ? !isStuck : addressee === undefined && isTooEarly(state, one.question);
    if (mayBecomeClear && nowMs() < one.untilMs) continue;
    held.delete(one);
    if (addressee === undefined || addressee === AMBIGUOUS) {
      questions.refuse(one.question, UNCLEAR);
    } else {
      ask(state, one.question, addressee);
    }
  }
}

/** A call was cancelled: the one that is left need not be the one that asked. */
export function refuseHeld({ held, questions }: RelayState): void {
  for (const { question } of held) questions.refuse(question, UNCLEAR);
  held.clear();
}
