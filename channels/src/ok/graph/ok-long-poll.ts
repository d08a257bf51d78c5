import { readFields } from '../../body/body.ts';
import type { PollResult } from '../../channel.ts';
import { type OkAnswer, requireResult } from '../ok-answer.ts';
import type { OkSettings } from '../ok-settings.ts';
import { readOkUpdates } from '../ok-updates.ts';
import type { OkGraph } from './ok-graph.ts';
import { subscribeOkLongPoll } from './ok-webhook.ts';

/** Where a reader stands: OK's mark of what was read, and polls since the subscription was last renewed. */
interface Position {
  marker: string | null;
  polls: number;
}

// The page of graph.user.updates was not found. Its twin events.updates gives the parameters; that pollers subscribe anew
// about every 30 minutes, or on error 5000, is the habit of independent clients.
const SUBSCRIBE_AFTER_POLLS = 60;
const UPDATES_PER_POLL = 50;
const ANSWER_MARGIN_MS = 10_000;

/**
 * One long poll of a group. `state` is the one of the result before, stored after its events; null subscribes and starts
 * with what OK holds unread. Throws where OK cannot be reached or refuses: poll again with the same state after a pause.
 */
export async function pollOk(
  graph: OkGraph,
  state: string | null,
  waitSeconds: number,
  { noSubscriptionCode }: Pick<OkSettings, 'noSubscriptionCode'>,
  signal: AbortSignal,
): Promise<PollResult> {
  const { marker, polls: pollsBefore } = state === null ? { marker: null, polls: SUBSCRIBE_AFTER_POLLS } : readPosition(state);
  const isDue = pollsBefore >= SUBSCRIBE_AFTER_POLLS;
  if (isDue) await subscribeOkLongPoll(graph, signal);
  const polls = isDue ? 0 : pollsBefore;
  let answer = await ask(graph, marker, waitSeconds, signal);
  if (answer.kind === 'error' && answer.code === noSubscriptionCode) {
    await subscribeOkLongPoll(graph, signal);
    answer = await ask(graph, marker, waitSeconds, signal);
  }
  const page = readOkUpdates(requireResult(answer, 'me/updates'));
  const position: Position = { marker: page.marker ?? marker, polls: polls + 1 };
  return { bodies: page.updates, state: JSON.stringify(position) };
}

function ask(graph: OkGraph, marker: string | null, waitSeconds: number, signal: AbortSignal): Promise<OkAnswer> {
  const query = { timeout: waitSeconds, count: UPDATES_PER_POLL, ...(marker !== null && { marker }) };
  return graph.get('me/updates', query, signal, waitSeconds * 1_000 + ANSWER_MARGIN_MS);
}

function readPosition(state: string): Position {
  const fields = readFields(JSON.parse(state), 'state');
  return { marker: fields.has('marker') ? fields.text('marker') : null, polls: fields.integer('polls') };
}
