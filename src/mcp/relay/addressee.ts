/** Whom something that the server says of its own accord is for: stdio has no word for that. */
import { limits } from '../../limits.ts';
import type { JsonRpcNotification, JsonRpcRequest, RequestId } from '../json-rpc.ts';
import type { PendingCall } from './pending-calls.ts';
import type { Addressee } from './questions.ts';
import { noteElicitation, type RelayState } from './state.ts';
import { relatedTask } from './task-owners.ts';

const AMBIGUOUS = 'ambiguous';

/**
 * In this order: the request or task that the message names; the one client with calls under way; the one call that
 * waits for its client; the one client there is. Never one of several: what is meant for one must not reach another (CVE-2026-25536).
 */
function addresseeOf(
  state: RelayState,
  { params }: JsonRpcRequest | JsonRpcNotification,
  relatedId?: RequestId,
): Addressee | typeof AMBIGUOUS | undefined {
  const { pending, owners, turns, clients } = state;
  const related = relatedId === undefined ? undefined : pending.get(relatedId);
  if (related) return { client: related.client, call: related };
  const task = relatedTask(params);
  if (task !== undefined) {
    const client = owners.of(task);
    if (!client || !clients.has(client)) return undefined;
    // Whoever waits for the task's result reads that answer; perhaps nothing else.
    const call = pending.all().find((open) => open.client === client && open.request.params?.taskId === task);
    return { client, call };
  }
  const calls = turns.running().flatMap((id): PendingCall[] => {
    const call = pending.get(id);
    return call?.isSent ? [call] : [];
  });
  const last = calls.at(-1);
  if (last)
    return calls.every(({ client }) => client === last.client)
      ? { client: last.client, call: last }
      : AMBIGUOUS;
  // A parked call may ask once more while nobody else is served.
  const [parkedId] = state.parked;
  if (state.parked.size > 1) return AMBIGUOUS;
  const parked = parkedId === undefined ? undefined : pending.get(parkedId);
  if (parked) return { client: parked.client, call: parked };
  const [only] = clients;
  return only && clients.size === 1 ? { client: only, call: undefined } : undefined;
}

/** Passes a notification to the one it is for; false if that cannot be told. */
export function notifyAddressee(
  state: RelayState,
  notification: JsonRpcNotification,
  { relatedId, admits }: { relatedId?: RequestId | undefined; admits?: (addressee: Addressee) => boolean },
): boolean {
  const addressee = addresseeOf(state, notification, relatedId);
  if (addressee === undefined || addressee === AMBIGUOUS) return false;
  if (admits && !admits(addressee)) return false;
  if (addressee.call) addressee.call.reply.notify(notification);
  else addressee.client.tell(notification);
  return true;
}

/** Asks whoever caused the question; holds it while that is one of several. */
export function takeQuestion(state: RelayState, question: JsonRpcRequest): void {
  const { questions, held, turns, nowMs } = state;
  const addressee = addresseeOf(state, question);
  if (!state.isExclusive && addressee !== undefined) turns.takeOneAtATime();
  if (addressee === undefined) {
    questions.refuse(question, 'no client can be asked now');
  } else if (addressee === AMBIGUOUS) {
    held.add({ question, untilMs: nowMs() + limits.upstreamHangMs });
  } else {
    noteElicitation(state, addressee.client, question.params);
    questions.ask(question, addressee);
  }
}

/** Looks again at the questions that are held; those that were for too long are refused. */
export function askHeld(state: RelayState): void {
  for (const one of state.held) {
    const isClear = addresseeOf(state, one.question) !== AMBIGUOUS;
    if (!isClear && state.nowMs() < one.untilMs) continue;
    state.held.delete(one);
    if (isClear) takeQuestion(state, one.question);
    else state.questions.refuse(one.question, 'it is not clear whom to ask');
  }
}
