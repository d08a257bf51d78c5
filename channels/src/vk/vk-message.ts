import { createHash } from 'node:crypto';
import type { Outgoing, OutgoingAttachment, SendOutcome } from '../channel.ts';
import { fitKeyboard, type KeyboardFinding } from '../keyboard/keyboard.ts';
import type { VkParams } from './vk-api.ts';
import { fitCarousel } from './vk-carousel.ts';
import { outcomeOfError } from './vk-errors.ts';
import { keyboardText } from './vk-keyboard.ts';
import { addressOf, isGroupChat } from './vk-peer.ts';

/** What of a message is the same for all its recipients. */
export type VkContent = Pick<Outgoing, 'text' | 'keyboard' | 'attachments' | 'carousel'>;

/** What VK accepts as a file of a message; the limit is messages.send's own. */
export interface VkContentLimits {
  textCharactersMax: number;
  attachmentsMax: number;
}

/** Parameters of messages.send and messages.edit, or the rule that the message breaks: VK's code for it, the place, a sentence. */
export type PreparedContent = { ok: true; params: VkParams } | { ok: false; code: number; finding: KeyboardFinding };

/** By kind, the words that a reference of it begins with. VK shows a video that stands in it already, but takes none from us. */
const REFERENCE_TYPES = { image: 'photo', file: 'doc', voice: 'audio_message' } as const;

/**
 * VK's key against repeats: a signed 32-bit hash of message and recipient, the same on every attempt and in every process.
 * Never 0, which would switch the check off; small, because clients of VK disagree on anything wider. [?] Whether VK compares it
 * within a dialog or among all that the group sends is not known, so a shared key must not stand for two calls.
 */
export function randomIdOf({
  dedupKey,
  recipientId,
  sharedKey,
}: Pick<Outgoing, 'dedupKey' | 'recipientId' | 'sharedKey'>): number {
  const key = sharedKey === undefined ? `${dedupKey}\n${recipientId}` : `shared\n${sharedKey}`;
  const hash = createHash('sha256').update(key, 'utf8').digest().readInt32BE(0);
  return hash === 0 ? 1 : hash;
}

/** Writes text, buttons, cards and files as VK's parameters, or names what VK would not take of them. Pure. */
export function prepareContent(content: VkContent, limits: VkContentLimits): PreparedContent {
  const { text, keyboard, attachments = [], carousel = [] } = content;
  const refuse = (code: number, finding: KeyboardFinding): PreparedContent => ({ ok: false, code, finding });
  const characters = [...text].length;
  if (characters > limits.textCharactersMax)
    return refuse(914, {
      path: 'text',
      rule: `VK takes at most ${limits.textCharactersMax} characters, there are ${characters}`,
    });
  if (text.trim() === '' && attachments.length === 0 && carousel.length === 0)
    return refuse(100, { path: 'text', rule: 'a message without files needs a text' });
  if (attachments.length > limits.attachmentsMax)
    return refuse(100, {
      path: 'attachments',
      rule: `VK takes at most ${limits.attachmentsMax} files, there are ${attachments.length}`,
    });
  const references: string[] = [];
  for (const [index, attachment] of attachments.entries()) {
    const read = referenceOf(attachment, `attachments[${index}]`);
    if (typeof read === 'object') return refuse(100, read);
    references.push(read);
  }
  const buttons = keyboard === undefined ? undefined : fitKeyboard('vk', keyboard);
  if (buttons?.ok === false) return refuse(911, firstOf(buttons.problems));
  const cards = carousel.length === 0 ? undefined : fitCarousel(carousel);
  if (cards?.ok === false) return refuse(911, firstOf(cards.problems));
  const params = {
    message: text,
    ...(references.length > 0 && { attachment: references.join(',') }),
    ...(buttons !== undefined && { keyboard: keyboardText(buttons.keyboard) }),
    ...(cards !== undefined && { template: cards.template }),
  };
  return { ok: true, params };
}

/** As `prepareContent`, with what a new message has besides: the message it answers and its intent. */
export function prepareMessage(message: Outgoing, limits: VkContentLimits): { params: VkParams } | { refusal: SendOutcome } {
  const { recipientId, replyToNetworkId, intent } = message;
  // Among others in one call a peer that is no number would spoil them all.
  if (!/^-?\d+$/.test(recipientId)) return { refusal: outcomeOfError(113, '') };
  const prepared = prepareContent(message, limits);
  if (!prepared.ok) {
    const { code, finding } = prepared;
    return {
      refusal: { kind: 'refused', reason: 'content', networkCode: String(code), detail: `${finding.path}: ${finding.rule}` },
    };
  }
  const reply = replyToNetworkId === undefined ? {} : replyOf(recipientId, replyToNetworkId);
  return { params: { ...prepared.params, ...reply, ...(intent !== undefined && { intent }) } };
}

/** The message still goes out, as no reply, where VK cannot know the one it answers. */
function replyOf(peerId: string, networkId: string): VkParams {
  const address = addressOf({ networkId });
  if (address === null) return {};
  if ('id' in address && !isGroupChat(peerId)) return { reply_to: address.id };
  const named =
    'id' in address ? { message_ids: [Number(address.id)] } : { conversation_message_ids: [Number(address.numberInDialog)] };
  return { forward: JSON.stringify({ peer_id: Number(peerId), ...named, is_reply: true }) };
}

function referenceOf(attachment: OutgoingAttachment, path: string): string | KeyboardFinding {
  if (attachment.kind === 'image-url') return { path, rule: 'VK fetches no pictures: upload it first' };
  if (attachment.kind === 'video') return { path, rule: 'VK takes no videos from communities: send a link' };
  const type = REFERENCE_TYPES[attachment.kind];
  if (new RegExp(`^${type}-?\\d+_\\d+(_\\w+)?$`).test(attachment.reference)) return attachment.reference;
  return {
    path: `${path}.reference`,
    rule: `a reference of this kind looks as ${type}-1_2_key: take the one that the upload gave`,
  };
}

function firstOf(problems: readonly KeyboardFinding[]): KeyboardFinding {
  const [first] = problems;
  if (first === undefined) throw new Error('content that does not fit has at least one problem');
  return first;
}
