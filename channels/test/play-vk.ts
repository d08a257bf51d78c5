import { createVkChannel, type VkChannel, type VkChannelOptions } from '../src/vk/vk.ts';
import { type Played, type PlayedRequest, playAnswers } from './play-answers.ts';

/** One call of a VK method as it came in. */
export interface PlayedCall {
  method: string;
  params: Record<string, string>;
}

/** What a played method answers with: a response, or what `vkError` and `raw` made, or several of these in turn. */
export type MethodAnswer = unknown;

export interface PlayedVk extends AsyncDisposable {
  channel: VkChannel;
  /** In their order; uploads and long polls stand in `requests` only. */
  calls: PlayedCall[];
  requests: PlayedRequest[];
  url: string;
}

const RAW = Symbol('raw');

/** An answer that is an error of VK. */
export function vkError(code: number, message = 'text of VK'): MethodAnswer {
  return raw({ body: JSON.stringify({ error: { error_code: code, error_msg: message } }) });
}

/** An answer of any form: another status, no JSON, none at all. */
export function raw(played: Played): MethodAnswer {
  return { [RAW]: played };
}

/** Answers in turn; the last one stays. */
export function inTurn(...answers: readonly MethodAnswer[]): MethodAnswer {
  let next = 0;
  return () => answers[Math.min(next++, answers.length - 1)];
}

/**
 * For tests: a VK that answers each method as told, and 1 where nothing is told, with a channel of ours that speaks to it. What
 * does not start with `/method/` is answered by the path: `{'/upload': raw({body: '…'})}`.
 */
export async function playVk(
  answers: Readonly<Record<string, MethodAnswer>> = {},
  options: Partial<VkChannelOptions> = {},
): Promise<PlayedVk> {
  const calls: PlayedCall[] = [];
  const server = await playAnswers((request) => {
    const method = request.path.replace('/method/', '');
    const isCall = method !== request.path;
    const call = { method, params: Object.fromEntries(new URLSearchParams(request.body)) };
    if (isCall) calls.push(call);
    const told = method in answers ? answers[method] : 1;
    return playedOf(typeof told === 'function' ? told(call.params, server.url) : told);
  });
  const channel = createVkChannel({
    baseUrl: server.url,
    token: 'vk1.secret',
    groupId: '213243638',
    timeoutMs: 5_000,
    setUpCallsPerSecond: 1_000,
    ...options,
  });
  return {
    channel,
    calls,
    requests: server.requests,
    url: server.url,
    async [Symbol.asyncDispose]() {
      await channel.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

function playedOf(answer: MethodAnswer): Played {
  if (typeof answer === 'object' && answer !== null && RAW in answer) return answer[RAW] as Played;
  return { body: JSON.stringify({ response: answer }) };
}
