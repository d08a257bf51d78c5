import { createCaller } from './http-caller.ts';

/** Of the demo world (server/src/demo/demo.ts): where its VK group tells events, and what vouches for them. */
const HOOK = { path: '/hooks/vk/demo', groupId: 213_243_638 } as const;
export const HOOK_SECRET = 'vk-demo-secret';
/** VK's ids of chats of several people begin here; bots are silent in them (dev.vk.com/method/messages.send, `peer_id`). */
export const FIRST_CHAT = 2_000_000_001;

/** What somebody says to the group. */
export interface Words {
  /** Two events with the same one are one. */
  eventId: string;
  /** Of the line within its chat, from 1 on. */
  number: number;
  /** The chat; in a dialog the person's own id. */
  peerId: number;
  fromId: number;
  text: string;
}

/** The group's webhook as VK calls it. */
export interface VkHook {
  /** Rejects unless the answer is 200 with `ok`, as VK wants it. */
  tell(words: Words): Promise<void>;
  close(): void;
}

/** Of a server of ours, or of another bot that takes the same secret. At most `connections` calls at a time. */
export function createVkHook(serverUrl: string, options: { connections: number }): VkHook {
  const caller = createCaller(serverUrl, options);
  return {
    async tell(words) {
      const { status, body } = await caller.post(HOOK.path, bodyOf(words), { 'Content-Type': 'application/json' });
      if (status !== 200 || body !== 'ok') throw new Error(`an event was answered ${status}: ${body.slice(0, 300)}`);
    },
    close: caller.close,
  };
}

function bodyOf({ eventId, number, peerId, fromId, text }: Words): string {
  const date = Math.floor(Date.now() / 1_000);
  const message = { id: 0, conversation_message_id: number, date, peer_id: peerId, from_id: fromId, text, out: 0 };
  return JSON.stringify({
    ...{ type: 'message_new', event_id: eventId, v: '5.199', group_id: HOOK.groupId, secret: HOOK_SECRET },
    object: { message, client_info: {} },
  });
}
