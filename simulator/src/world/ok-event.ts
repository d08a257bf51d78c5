import type { Message } from './dialogs.ts';

export interface OkMessageCreated {
  webhookType: 'MESSAGE_CREATED';
  sender: { user_id: string; name: string };
  recipient: { chat_id: string };
  message: { text: string; seq: bigint; mid: string } & Record<string, unknown>;
  timestamp: number;
}

/**
 * The `MESSAGE_CREATED` event of something a person said on OK, in the form of seed 002 with `sender.name` (ok.md 4.2). Write it
 * with `stringify` of `lossless-json`: `seq` is beyond 2^53 and must stay a JSON number.
 *
 * With `messageTag` it is what the notify upstream forwards: the same event, the same `mid`, and `message_tag` in `message`;
 * OK itself knows no such field.
 */
export function okMessageCreated(message: Message, messageTag?: string): OkMessageCreated {
  const { dialog } = message;
  return {
    webhookType: 'MESSAGE_CREATED',
    sender: { user_id: `user:${dialog.person.okId}`, name: `${dialog.person.firstName} ${dialog.person.lastName}` },
    recipient: { chat_id: dialog.peerId },
    message: {
      text: message.text,
      seq: message.seq,
      ...message.extra,
      mid: message.networkId,
      ...(messageTag === undefined ? {} : { message_tag: messageTag }),
    },
    timestamp: message.time,
  };
}
