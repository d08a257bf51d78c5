import { type InboundEvent, parseJson, stringifyJson } from '@soroka/channels';

type Message = Extract<InboundEvent, { kind: 'message' }>;
type JsonObject = Readonly<Record<string, unknown>>;

/**
 * The body that an account's incoming URL gets for a message: VK's in the form of VK's callback event, OK's in OK's own.
 * `messageTag` is set inside the message; the webhook's secret is taken out, everything else stays as the network gave it.
 *
 * Source: docs.devino.online/en/http/vk_ok, "Incoming messages"; apiok.ru, graph.user.subscribe.
 */
export function forwardBody(json: unknown, event: Message, messageTag: string | undefined): string {
  const body = (typeof json === 'string' ? parseJson(json) : json) as JsonObject; // OK's updates may be JSON inside a text
  return stringifyJson(event.network === 'vk' ? vkForm(body, messageTag) : okForm(body, event, messageTag));
}

function vkForm({ secret: _, group_id: groupId, ...body }: JsonObject, messageTag: string | undefined): JsonObject {
  const object = body['object'] as JsonObject;
  // Before version 5.103 the message stood in `object` itself; customers know the form with `message` only.
  const { message, ...rest } = Object.hasOwn(object, 'message') ? object : { message: object };
  return { group_id: numberOf(groupId), ...body, object: { message: tagged(message as JsonObject, messageTag), ...rest } };
}

function okForm({ message_tag: _, ...body }: JsonObject, event: Message, messageTag: string | undefined): JsonObject {
  if (Object.hasOwn(body, 'message')) return { ...body, message: tagged(body['message'] as JsonObject, messageTag) };
  // A compatibility form that OK's own pages do not know: told in OK's form.
  return {
    webhookType: 'MESSAGE_CREATED',
    sender: { user_id: `user:${event.userId}` },
    recipient: event.peerId === event.userId ? {} : { chat_id: event.peerId },
    message: tagged({ text: event.text, mid: event.networkId }, messageTag),
    timestamp: event.at.getTime(),
  };
}

function tagged(message: JsonObject, messageTag: string | undefined): JsonObject {
  return messageTag === undefined ? message : { ...message, message_tag: messageTag };
}

/** The contract prints a number; some sources give the digits as a text. */
function numberOf(groupId: unknown): unknown {
  if (typeof groupId !== 'string') return groupId;
  const number = Number(groupId);
  return Number.isSafeInteger(number) ? number : BigInt(groupId);
}
