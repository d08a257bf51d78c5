import type { ActionOutcome, SetUpStep } from '../../actions.ts';
import { readFields } from '../../body/body.ts';
import { actionOutcome, nothing, type OkAnswer } from '../ok-answer.ts';
import { withoutPrefix } from '../ok-ids.ts';
import type { OkRest } from '../rest/rest.ts';
import type { OkGraph } from './ok-graph.ts';
import { askOkSubscriptions, type OkSubscriptions, readOkSubscriptions } from './ok-webhook.ts';

/** Any call renews a key for 30 days; an idle one dies. Source: apiok.ru/en/dev/graph_api/bot_api. */
export async function keepOkAlive(graph: OkGraph, signal: AbortSignal): Promise<ActionOutcome> {
  return actionOutcome(await graph.get('me/info', {}, signal), nothing);
}

/** Looks at one connection from all sides that OK lets us ask about; changes nothing. Never throws. */
export async function checkOk(
  { graph, groupId, rest }: { graph: OkGraph; groupId: string; rest: OkRest | undefined },
  webhookUrl: string | null,
  signal: AbortSignal,
): Promise<readonly SetUpStep[]> {
  const [info, subscriptions, signature] = await Promise.all([
    graph.get('me/info', {}, signal),
    askOkSubscriptions(graph, signal),
    rest === undefined ? [] : [checkSignature(rest, signal)],
  ]);
  return [...checkGroup(info, groupId), ...checkSubscriptions(subscriptions, webhookUrl), ...(await Promise.all(signature))];
}

const NEW_KEY =
  'Take a new key in the group’s settings (Messages, Work with API, Get access key) and give it to the connection: a new key ' +
  'makes the one before invalid, and one that is not used for 30 days dies.';

function checkGroup(answer: OkAnswer, groupId: string): SetUpStep[] {
  const info = actionOutcome(answer, (result) => {
    const fields = readFields(result, "OK's me/info");
    return { name: fields.has('name') ? fields.text('name') : '', id: withoutPrefix(fields.textOrId('group_id'), 'group') };
  });
  if (info.kind === 'stopped') return [{ name: 'token', state: 'bad', found: info.detail, advice: NEW_KEY }];
  if (info.kind !== 'done') return [{ name: 'token', state: 'unknown', found: info.detail, advice: 'Try again in a while.' }];
  const { name, id } = info.result;
  const token: SetUpStep = { name: 'token', state: 'good', found: 'OK knows the key.' };
  const isOurs = id === groupId;
  const found = `The key is the one of the group ${id}${name === '' ? '' : ` (${name})`}`;
  return isOurs
    ? [token, { name: 'group', state: 'good', found: `${found}.` }]
    : [
        token,
        {
          name: 'group',
          state: 'bad',
          found: `${found}, and the connection names the group ${groupId}.`,
          advice: 'Correct the group of the connection, or take the key in the settings of the right group.',
        },
      ];
}

function checkSubscriptions(answer: OkAnswer, webhookUrl: string | null): SetUpStep[] {
  const read = actionOutcome(answer, readOkSubscriptions);
  if (read.kind !== 'done') {
    const state = read.kind === 'stopped' ? 'bad' : 'unknown';
    const advice = read.kind === 'stopped' ? NEW_KEY : 'Try again in a while.';
    return [{ name: webhookUrl === null ? 'long-poll' : 'webhook', state, found: read.detail, advice }];
  }
  return webhookUrl === null ? [checkLongPoll(read.result)] : [checkWebhook(read.result, webhookUrl)];
}

function checkWebhook({ webhooks }: OkSubscriptions, url: string): SetUpStep {
  const ours = webhooks.find((webhook) => webhook.url === url);
  const others = webhooks.filter((webhook) => webhook !== ours).length;
  const besides = others === 0 ? '' : ` ${others} other address${others === 1 ? ' gets' : 'es get'} the events as well.`;
  if (ours !== undefined) {
    const since = ours.since === null ? '' : ` since ${ours.since.toISOString()}`;
    return { name: 'webhook', state: 'good', found: `Our address is subscribed${since}.${besides}` };
  }
  return {
    name: 'webhook',
    state: 'bad',
    found: `Our address is not subscribed.${besides}`,
    advice:
      'Subscribe it again. OK takes an address away that has not answered with 200 within 5 seconds for 8 hours: see that ' +
      'it can be reached from outside.',
  };
}

function checkLongPoll({ hasLongPoll }: OkSubscriptions): SetUpStep {
  if (hasLongPoll) return { name: 'long-poll', state: 'good', found: 'Long polling is subscribed.' };
  const found = 'No subscription for long polling is listed; OK does not say whether it lists them.';
  return { name: 'long-poll', state: 'unknown', found, advice: 'The next poll subscribes by itself; see whether events come.' };
}

/** By a call that needs no session and changes nothing. */
async function checkSignature(rest: OkRest, signal: AbortSignal): Promise<SetUpStep> {
  const left = await rest.getCallsLeft(['users.getInfo'], signal);
  if (left.kind === 'done') return { name: 'signature', state: 'good', found: 'OK takes the application’s signature.' };
  if (left.kind !== 'stopped') {
    const found = `OK gave no verdict on the application’s signature: ${left.detail}`;
    return { name: 'signature', state: 'unknown', found, advice: 'Try again in a while, and compare the application’s rights.' };
  }
  const advice = 'Compare the application’s public and secret key with the letter that OK sent for it.';
  return { name: 'signature', state: 'bad', found: left.detail, advice };
}
