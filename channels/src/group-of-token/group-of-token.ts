import type { ActionOutcome } from '../actions.ts';
import { type Fields, readFields } from '../body/body.ts';
import type { Network } from '../channel.ts';
import { createOkGraph } from '../ok/graph/graph.ts';
import { actionOutcome } from '../ok/ok-answer.ts';
import { withoutPrefix } from '../ok/ok-ids.ts';
import { createVkApi } from '../vk/vk-api.ts';
import { act } from '../vk/vk-calls.ts';

export interface GroupOfToken {
  groupId: string;
  /** As people see it; may be empty. */
  name: string;
}

interface Question {
  /** Root of the network's API, no slash at its end. */
  baseUrl: string;
  token: string;
  /** Of the call. */
  timeoutMs: number;
}

/** Asks the network whose token this is, for the person who connects a group by its token alone. One call; never throws. */
export function findGroupOfToken(
  network: Network,
  question: Question,
  signal: AbortSignal,
): Promise<ActionOutcome<GroupOfToken>> {
  return network === 'vk' ? askVk(question, signal) : askOk(question, signal);
}

/** Source: dev.vk.com/method/groups.getById; without an id VK names the community that the token is of. */
async function askVk({ baseUrl, token, timeoutMs }: Question, signal: AbortSignal): Promise<ActionOutcome<GroupOfToken>> {
  const api = createVkApi({ baseUrl, token, apiVersion: '5.199', timeoutMs });
  try {
    return await act(api, 'groups.getById', {}, signal, (response) => {
      const [first] = readFields(response, 'response').array('groups');
      const group = readFields(first, 'response.groups[0]');
      return { groupId: group.id('id'), name: nameOf(group) };
    });
  } finally {
    await api.close();
  }
}

/** Source: apiok.ru/en/dev/graph_api, me/info. */
async function askOk({ baseUrl, token, timeoutMs }: Question, signal: AbortSignal): Promise<ActionOutcome<GroupOfToken>> {
  const graph = createOkGraph({ baseUrl, graphToken: token, timeoutMs });
  try {
    return actionOutcome(await graph.get('me/info', {}, signal), (result) => {
      const info = readFields(result, "OK's me/info");
      return { groupId: withoutPrefix(info.textOrId('group_id'), 'group'), name: nameOf(info) };
    });
  } finally {
    await graph.close();
  }
}

function nameOf(group: Fields): string {
  return group.has('name') ? group.text('name') : '';
}
