import type { ActionOutcome } from '../actions.ts';
import { BrokenBodyError } from '../body/body.ts';
import type { VkApi, VkParams } from './vk-api.ts';
import { describeError, failureOf } from './vk-errors.ts';

/** Makes one call and reads its response. Never throws: a response that `read` cannot read is a passing failure. */
export async function act<Result>(
  api: VkApi,
  method: string,
  params: VkParams,
  signal: AbortSignal,
  read: (response: unknown) => Result,
): Promise<ActionOutcome<Result>> {
  const answer = await api.call(method, params, signal);
  return answer.kind === 'response' ? readResult(method, () => read(answer.response)) : failureOf(answer);
}

/** For calls whose response says nothing but that it was done. */
export const NOTHING = (): null => null;

/** A result of what a network answered, or that it could not be read. */
export function readResult<Result>(method: string, read: () => Result): ActionOutcome<Result> {
  try {
    return { kind: 'done', result: read() };
  } catch (error) {
    if (!(error instanceof BrokenBodyError)) throw error;
    return { kind: 'failed', networkCode: 'unreadable', retryAfterMs: 1_000, detail: `${method}: ${error.message}` };
  }
}

/** The response of a call that must succeed. Throws `VkCallError` that names the method, VK's error and what to do. */
export async function requireResponse(api: VkApi, method: string, params: VkParams, signal: AbortSignal): Promise<unknown> {
  const answer = await api.call(method, params, signal);
  if (answer.kind === 'response') return answer.response;
  if (answer.kind === 'error')
    throw new VkCallError(`VK refused ${method}: ${describeError(answer.code, answer.message)}`, answer.code);
  if (answer.kind === 'throttled')
    throw new VkCallError(`VK put off ${method} with status ${answer.status}: try again after ${answer.retryAfterMs} ms`);
  throw new VkCallError(
    `VK did not answer ${method} (${answer.kind === 'unsent' ? answer.code : answer.detail}): check the connection's address and try again`,
  );
}

export class VkCallError extends Error {
  override readonly name = 'VkCallError';
  /** VK's error code; undefined where no answer came. */
  readonly code: number | undefined;

  constructor(message: string, code?: number) {
    super(message);
    this.code = code;
  }
}
