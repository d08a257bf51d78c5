import type { VkAnswer, VkApi, VkParams } from './vk-api.ts';

/**
 * Calls in one `execute`. Source: documentation of execute as quoted by vksdk. [?] How long the code may be is not documented: 25
 * of our longest texts come to some 200 KB.
 */
export const EXECUTE_CALLS_MAX = 25;

export interface VkCall {
  method: string;
  params: VkParams;
}

/**
 * Makes up to 25 calls as one, by `execute`, and gives an answer for each, in their order. They run one after another, and
 * one that fails does not keep the rest from running. Never throws.
 *
 * Source: dev.vk.com/method/execute: the slot of a call that failed is `false`, and its error is the next in `execute_errors`.
 */
export async function executeAll(api: VkApi, calls: readonly VkCall[], signal: AbortSignal): Promise<VkAnswer[]> {
  const answer = await api.call('execute', { code: codeOf(calls) }, signal);
  if (answer.kind !== 'response') return calls.map(() => answer);
  const { response, executeErrors = [] } = answer;
  if (!Array.isArray(response) || response.length !== calls.length) return calls.map(() => UNREADABLE);
  const failed = response.filter((slot) => slot === false).length;
  // Which error belongs to which slot is known by their number only.
  const errors = failed === executeErrors.length ? executeErrors.values() : undefined;
  return response.map((slot): VkAnswer => {
    if (slot !== false) return { kind: 'response', response: slot };
    const error = errors?.next().value;
    return error === undefined ? UNREADABLE : { kind: 'error', ...error };
  });
}

const UNREADABLE: VkAnswer = { kind: 'unanswered', detail: 'execute answered with something else than a slot for each call' };

/** VKScript. Its objects are JSON, but for the two line ends that JSON leaves in a string and a script may not have there. */
function codeOf(calls: readonly VkCall[]): string {
  const list = calls.map(({ method, params }) => `API.${method}(${JSON.stringify(params)})`);
  return `return [${list.join(',')}];`.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}
