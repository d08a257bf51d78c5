import { type Fields, readFields } from '../body/body.ts';
import type { PollResult } from '../channel.ts';
import { parseJson, stringifyJson } from '../json.ts';
import { requireResponse } from './vk-calls.ts';
import { SWITCHED_ON, type VkGroup } from './vk-group.ts';

/** Where a session stands. `polls` counts them: a session goes silent after some hours, so it is renewed by then. */
interface Session {
  server: string;
  key: string;
  ts: string;
  polls: number;
}

// [?] About 3.5 hours of silence; how long a session lives is not documented. Reports of silent stalls: vk_api issues 285 and 493;
// renewing keeps `ts`, so nothing is lost.
const RENEW_AFTER_POLLS = 500;

const WAIT_SECONDS_MAX = 90; // dev.vk.com/api/bots-long-poll/getting-started; 25 is the recommendation
const ANSWER_MARGIN_MS = 10_000; // as vksdk, vk_api and vkbottle do

/**
 * One long poll of a community. `state` is the one of the result before, stored after its events; null starts a session
 * from now on and switches long poll on for the community. Events that come twice are the same by their `event_id`.
 *
 * Throws where VK cannot be reached, answers with a status or a body of its own making, or forgets a fresh key: poll again
 * with the same state after a pause, the events wait at VK.
 *
 * Source: dev.vk.com/api/bots-long-poll/getting-started.
 */
export async function pollVk(
  group: VkGroup,
  state: string | null,
  waitSeconds: number,
  signal: AbortSignal,
): Promise<PollResult> {
  if (state === null) await switchOn(group, signal);
  const kept = state === null ? undefined : readSession(state);
  const stale = kept === undefined || kept.polls >= RENEW_AFTER_POLLS;
  let session = stale ? await openSession(group, kept?.ts, signal) : kept;
  let answer = await ask(group, session, waitSeconds, signal);

  // 2: the key is too old, but what came since our own `ts` still waits. 3: VK has forgotten where we were.
  const failed = answer.raw('failed');
  if (failed === 2 || failed === 3) {
    session = await openSession(group, failed === 2 ? session.ts : undefined, signal);
    answer = await ask(group, session, waitSeconds, signal);
  }
  // 1: part of the history is lost; its answer brings the `ts` to go on from, as a number. "'ts' value is incorrect, minimal value is 1"
  // (VKCOM/vk-java-sdk issue 208) is what VK's own libraries make of it: LongPollQueryBuilder there.
  if (answer.has('failed') && answer.raw('failed') !== 1) {
    const versions = answer.has('min_version') ? ', which says that it speaks other versions than we ask for' : '';
    throw new Error(`VK's long poll failed with ${stringifyJson(answer.raw('failed'))}${versions}: poll again after a pause`);
  }
  const bodies = answer.has('updates') ? answer.array('updates').map(stringifyJson) : [];
  const next: Session = { ...session, ts: answer.id('ts'), polls: session.polls + 1 };
  return { bodies, state: JSON.stringify(next) };
}

/** Switches long poll on with our events. */
async function switchOn({ api, groupId, apiVersion }: VkGroup, signal: AbortSignal): Promise<void> {
  const settings = { group_id: groupId, enabled: 1, api_version: apiVersion, ...SWITCHED_ON };
  await requireResponse(api, 'groups.setLongPollSettings', settings, signal);
}

async function openSession({ api, groupId }: VkGroup, ts: string | undefined, signal: AbortSignal): Promise<Session> {
  const response = readFields(await requireResponse(api, 'groups.getLongPollServer', { group_id: groupId }, signal), 'response');
  return { server: response.text('server'), key: response.text('key'), ts: ts ?? response.id('ts'), polls: 0 };
}

async function ask({ api }: VkGroup, session: Session, waitSeconds: number, signal: AbortSignal): Promise<Fields> {
  const wait = Math.min(waitSeconds, WAIT_SECONDS_MAX);
  const url = new URL(session.server);
  for (const [name, value] of Object.entries({ act: 'a_check', key: session.key, ts: session.ts, wait })) {
    url.searchParams.set(name, String(value));
  }
  const answer = await api.get(url.href, wait * 1_000 + ANSWER_MARGIN_MS, signal);
  if (answer.kind !== 'answered') {
    throw new Error(`VK's long poll did not answer (${answer.kind === 'unsent' ? answer.code : answer.detail}): poll again`);
  }
  if (answer.status !== 200) throw new Error(`VK's long poll answered with status ${answer.status}: poll again after a pause`);
  return readFields(parseJson(answer.text), "VK's long poll answer");
}

function readSession(state: string): Session {
  const fields = readFields(JSON.parse(state), 'state');
  return { server: fields.text('server'), key: fields.text('key'), ts: fields.text('ts'), polls: fields.integer('polls') };
}
