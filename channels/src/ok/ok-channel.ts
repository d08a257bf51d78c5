import type { Button, Channel, Outgoing, SendOutcome } from '../channel.ts';
import { createOkGraph, type OkGraph } from './graph/ok-graph.ts';
import { pollOk } from './graph/ok-long-poll.ts';
import { subscribeOkWebhook, unsubscribeOkWebhook } from './graph/ok-webhook.ts';
import { outcomeOfProblem } from './ok-answer.ts';

export interface OkChannelOptions {
  /** Root before `/graph/…`: `https://api.ok.ru`. */
  baseUrl: string;
  /** The group's key from its message settings, `tkn…:C…`. */
  graphToken: string;
  groupId: string;
  /** Of one whole call. */
  timeoutMs: number;
  /** OK names no number; independent clients cut at 3900, its sister platform takes 4000. */
  textCharactersMax?: number;
  /** OK names no number: none by default. */
  callsPerSecond?: number | null;
}

export type OkChannel = Channel & Required<Pick<Channel, 'subscribeWebhook' | 'unsubscribeWebhook' | 'poll' | 'close'>>;

/** One OK group by its Graph API. Source: apiok.ru/en/dev/graph_api. */
export function createOkChannel({ textCharactersMax = 3_900, callsPerSecond = null, ...options }: OkChannelOptions): OkChannel {
  const graph = createOkGraph(options);
  return {
    kind: 'ok',
    capabilities: {
      batchMax: 1,
      callsPerSecond,
      textCharactersMax,
      dropsRepeats: false,
      reportsDelivered: false,
      reportsRead: false,
      deliveryPolicies: false,
    },
    send: (batch, signal) => Promise.all(batch.map((message) => sendOne(graph, message, signal))),
    subscribeWebhook: ({ url }, signal) => subscribeOkWebhook(graph, url, signal),
    unsubscribeWebhook: (url, signal) => unsubscribeOkWebhook(graph, url, signal),
    poll: (state, waitSeconds, signal) => pollOk(graph, state, waitSeconds, signal),
    close: () => graph.close(),
  };
}

async function sendOne(graph: OkGraph, message: Outgoing, signal: AbortSignal): Promise<SendOutcome> {
  const { recipientId, text, buttons = [], dedupKey } = message;
  const recipient = /^chat:/i.test(recipientId) ? { chat_id: recipientId } : { user_id: `user:${recipientId}` };
  const content = buttons.length === 0 ? { text } : { text, attachment: keyboardOf(buttons) };
  const answer = await graph.post('me/messages', { recipient, message: content }, signal);
  return answer.kind === 'result' ? outcomeOfResult(answer.result, dedupKey) : outcomeOfProblem(answer);
}

/** Shape from three independent clients; OK's own page on keyboards was not found, nor its limits. */
function keyboardOf(rows: readonly (readonly Button[])[]): unknown {
  const buttons = rows.map((row) =>
    row.map(({ label, payload }) => ({ type: 'CALLBACK', text: label, intent: 'DEFAULT', payload })),
  );
  return { type: 'INLINE_KEYBOARD', payload: { keyboard: { buttons } } };
}

// To one recipient OK answers with `message_id`; to a list with `success` for each. Nothing says that `success` comes
// with the former, so only an explicit false is a refusal.
function outcomeOfResult(result: unknown, dedupKey: string): SendOutcome {
  if (typeof result !== 'object' || result === null)
    return { kind: 'unanswered', detail: 'OK answered a message with something else than an object' };
  const { message_id: messageId, success } = result as { message_id?: unknown; success?: unknown };
  if (typeof messageId === 'string') return { kind: 'sent', networkId: messageId.replace(/^mid:/i, 'mid:') };
  const taken = Array.isArray(success) ? success[0] : success;
  // OK gives no code here; the name is the one its articles use for a person who has not allowed the group's messages.
  if (taken === false) return { kind: 'refused', reason: 'refused_by_user', networkCode: 'user_not_invited_to_group' };
  if (taken === true) return { kind: 'sent', networkId: `unnamed:${dedupKey}` };
  return { kind: 'unanswered', detail: 'OK answered a message without message_id and without success' };
}
