import { readFields } from '../body/body.ts';
import type { VkApi } from './vk-api.ts';
import { requireResponse } from './vk-calls.ts';

/** The text that VK's `confirmation` request must be answered with. It belongs to the community and changes now and then. */
export interface VkConfirmation {
  /** Asks VK for the text and keeps it until `forget`. Throws `VkCallError`. */
  learn(signal: AbortSignal): Promise<void>;
  forget(): void;
  /** The text that is kept; without one VK's at this moment. Throws `VkCallError`. */
  answer(signal: AbortSignal): Promise<string>;
}

/** Source: dev.vk.com/api/callback/getting-started, groups.getCallbackConfirmationCode. */
export function createVkConfirmation({ api, groupId }: { api: VkApi; groupId: string }): VkConfirmation {
  let kept: string | undefined;
  const ask = async (signal: AbortSignal): Promise<string> => {
    const response = await requireResponse(api, 'groups.getCallbackConfirmationCode', { group_id: groupId }, signal);
    return readFields(response, 'response').text('code');
  };
  return {
    async learn(signal) {
      kept = await ask(signal);
    },
    forget() {
      kept = undefined;
    },
    answer: async (signal) => kept ?? ask(signal),
  };
}
