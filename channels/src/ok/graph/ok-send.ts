import type { Outgoing, SendOutcome } from '../../channel.ts';
import { isObject, type OkProblem, outcomeOfProblem } from '../ok-answer.ts';
import { isAboutPerson, meaningOf } from '../ok-errors.ts';
import type { OkSettings } from '../ok-settings.ts';
import { makeOkContent, type OkContentOptions } from './ok-content.ts';
import type { OkGraph } from './ok-graph.ts';
import { processingOf } from './ok-upload.ts';

export interface OkSending {
  graph: OkGraph;
  content: OkContentOptions;
  settings: Pick<OkSettings, 'recipientsPerCallMax' | 'processingWaitMs' | 'processingMaxMs' | 'processingCodes'>;
  now: () => Date;
}

/**
 * Sends each once; outcomes come in the order of the batch. Messages of one broadcast (`sharedKey`) leave in one call per
 * `recipientsPerCallMax` people; OK then says who got them and names no message, so that these cannot be changed later.
 */
export async function sendToOk(batch: readonly Outgoing[], sending: OkSending, signal: AbortSignal): Promise<SendOutcome[]> {
  const outcomes = new Map<Outgoing, SendOutcome>();
  await Promise.all(
    groupsOf(batch, sending.settings.recipientsPerCallMax).map(async (group) => {
      const answered = await sendGroup(group, sending, signal);
      for (const [index, message] of group.entries()) outcomes.set(message, answered[index] ?? NOT_SAID);
    }),
  );
  return batch.map((message) => outcomes.get(message) ?? NOT_SAID);
}

const NOT_SAID: SendOutcome = { kind: 'unanswered', detail: 'OK answered for fewer people than it was asked to write to' };

/** Those that may leave together, in the order of the batch. */
function groupsOf(batch: readonly Outgoing[], recipientsMax: number): Outgoing[][] {
  const groups: Outgoing[][] = [];
  const open = new Map<string, Outgoing[]>();
  for (const message of batch) {
    const { sharedKey } = message;
    const group = sharedKey === undefined || isChat(message.recipientId) ? undefined : open.get(sharedKey);
    if (group !== undefined && group.length < recipientsMax) group.push(message);
    else {
      const fresh = [message];
      groups.push(fresh);
      if (sharedKey !== undefined && !isChat(message.recipientId)) open.set(sharedKey, fresh);
    }
  }
  return groups;
}

const isChat = (recipientId: string): boolean => /^chat:/i.test(recipientId);

/** Everything but the recipient is the same in all of them. */
async function sendGroup(group: readonly Outgoing[], sending: OkSending, signal: AbortSignal): Promise<SendOutcome[]> {
  const [first] = group;
  if (first === undefined) return [];
  const { graph, settings } = sending;
  const made = makeOkContent(first, sending.content);
  if (!made.ok) {
    const { place, rule } = made;
    return group.map(() => ({
      kind: 'refused',
      reason: 'content',
      networkCode: `content_${place}`,
      detail: `${place}: ${rule}`,
    }));
  }
  const { waitMs, mayBeAtWork } = processingOf(first.attachments ?? [], settings, sending.now());
  if (waitMs > 0)
    return group.map(() => ({ kind: 'throttled', scope: 'recipient', retryAfterMs: waitMs, networkCode: 'file_in_work' }));

  const answer = await graph.post('me/messages', { recipient: recipientOf(group), message: made.message }, signal);
  if (answer.kind === 'result') return outcomesOf(answer.result, group);
  if (mayBeAtWork && answer.kind === 'error' && settings.processingCodes.includes(answer.code)) {
    const networkCode = String(answer.code);
    return group.map(() => ({ kind: 'throttled', scope: 'recipient', retryAfterMs: settings.processingWaitMs, networkCode }));
  }
  // It does not say whom of them it is about, and nobody got anything: each alone.
  if (group.length > 1 && isAboutSomebody(answer))
    return (await Promise.all(group.map((message) => sendGroup([message], sending, signal)))).flat();
  return group.map(() => outcomeOfProblem(answer));
}

function isAboutSomebody(problem: OkProblem): boolean {
  return problem.kind === 'error' && isAboutPerson(meaningOf(problem.code));
}

function recipientOf(group: readonly Outgoing[]): object {
  const ids = group.map(({ recipientId }) => recipientId);
  const [first = ''] = ids;
  if (ids.length > 1) return { user_ids: ids.map((id) => `user:${id}`) };
  return isChat(first) ? { chat_id: first } : { user_id: `user:${first}` };
}

// To one recipient OK answers with `message_id`, to a list with `success` for each in the order of the request
// (apiok.ru, graph.user.messages). Nothing says that `success` comes with the former, so only an explicit false is a refusal.
function outcomesOf(result: unknown, group: readonly Outgoing[]): SendOutcome[] {
  if (!isObject(result))
    return group.map(() => ({ kind: 'unanswered', detail: 'OK answered a message with something else than an object' }));
  const { message_id: messageId, success } = result;
  if (typeof messageId === 'string' && group.length === 1)
    return [{ kind: 'sent', networkId: messageId.replace(/^mid:/i, 'mid:') }];
  return group.map(({ dedupKey }, index) => outcomeOfSuccess(Array.isArray(success) ? success[index] : success, dedupKey));
}

function outcomeOfSuccess(success: unknown, dedupKey: string): SendOutcome {
  // OK gives no code here; the name is the one its articles use for a person who has not allowed the group's messages.
  if (success === false) return { kind: 'refused', reason: 'refused_by_user', networkCode: 'user_not_invited_to_group' };
  if (success === true) return { kind: 'sent', networkId: `unnamed:${dedupKey}` };
  return { kind: 'unanswered', detail: 'OK answered a message without message_id and without success' };
}
