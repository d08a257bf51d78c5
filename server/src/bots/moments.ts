import type { BotEvent } from '@soroka/bot';
import type { InboundEvent } from '@soroka/channels';

/** What a person said, pressed or allowed, as the inbox has it. */
export type Said = Extract<InboundEvent, { kind: 'message' | 'started' | 'button' | 'permission' }>;

// A payload or a text beyond it is nobody's: bots refuse the whole event then.
const CHARACTERS_MAX = 65_536;

/** Names of kinds that the networks give attachments, where they are not ours in small letters. */
const KINDS: Readonly<Record<string, string>> = {
  photo: 'image',
  doc: 'file',
  audio_message: 'voice',
  audio: 'voice',
  geo: 'location',
};

/** What happened, in the words of bots. */
export function botEventOf(event: Said): BotEvent {
  switch (event.kind) {
    case 'message': {
      const { text, payload, ref, attachments } = event;
      const kinds = attachments.map(kindOf);
      const contact = attachments.map(contactOf).find((found) => found !== undefined);
      return {
        kind: 'message',
        text: cut(text),
        attachments: kinds,
        ...(payload !== undefined && { payload: cut(payload) }),
        ...(ref !== undefined && { ref: cut(ref) }),
        ...(contact !== undefined && { contact }),
      };
    }
    case 'started':
      return { kind: 'started', ...(event.payload !== undefined && { ref: cut(event.payload) }) };
    case 'button':
      return { kind: 'button', payload: cut(event.payload) };
    case 'permission':
      return { kind: event.allowed ? 'subscribed' : 'unsubscribed' };
  }
}

const cut = (text: string): string => text.slice(0, CHARACTERS_MAX);

function kindOf(attachment: unknown): string {
  const type = fieldOf(attachment, 'type');
  const name = typeof type === 'string' ? type.toLowerCase().slice(0, 40) : 'unknown';
  return KINDS[name] ?? name;
}

/** A phone shared by OK's contact button. Source: apiok.ru/dev/graph_api/bot_api, attachments of the type CONTACT. */
function contactOf(attachment: unknown): { phone: string; name?: string } | undefined {
  const payload = fieldOf(attachment, 'payload');
  const [phone, name] = [fieldOf(payload, 'phone'), fieldOf(payload, 'name')];
  if (kindOf(attachment) !== 'contact' || typeof phone !== 'string') return undefined;
  return { phone: cut(phone), ...(typeof name === 'string' && { name: cut(name) }) };
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
