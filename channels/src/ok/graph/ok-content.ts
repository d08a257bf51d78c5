import { CAPABILITIES } from '../../capabilities.ts';
import type { Outgoing, OutgoingAttachment } from '../../channel.ts';
import { type Button, fitKeyboard, type Keyboard } from '../../keyboard/keyboard.ts';
import type { OkSettings } from '../ok-settings.ts';
import { OK_FILE_TYPES, tokenOf } from './ok-upload.ts';

export type OkContentOptions = Pick<OkSettings, 'keyboardNeedsText' | 'quickLocation'> & { textCharactersMax: number };

/** `place` is the part that is wrong, as a word for counters; `rule` a sentence without the text of the message in it. */
export type OkContent = { ok: true; message: object } | { ok: false; place: OkContentPlace; rule: string };
type OkContentPlace = 'text' | 'keyboard' | 'attachments' | 'carousel' | 'reply';

type Content = Pick<Outgoing, 'text' | 'keyboard' | 'attachments' | 'carousel' | 'replyToNetworkId'>;

/**
 * The `message` of OK's Graph API, or the first rule that it breaks. A keyboard is one of the five attachments.
 * Source: apiok.ru, graph.user.messages, graph.chat.answer and graph.message.edit; payloads from independent clients.
 */
export function makeOkContent(content: Content, options: OkContentOptions): OkContent {
  const { text, keyboard, attachments = [], carousel = [], replyToNetworkId } = content;
  // What takes a keyboard at the bottom away has nothing to do here: OK has none there.
  const takesAway = keyboard?.place === 'dialog' && keyboard.rows.length === 0;
  const fitted = keyboard === undefined || takesAway ? undefined : fitKeyboard('ok', keyboard);
  if (fitted?.ok === false) {
    const rule = fitted.problems.map((problem) => `${problem.path}: ${problem.rule}`).join('; ');
    return { ok: false, place: 'keyboard', rule };
  }
  const problem = textProblem(text, options) ?? attachmentsProblem(attachments, fitted !== undefined);
  if (problem !== undefined) return problem;
  if (carousel.length > 0) return wrong('carousel', 'OK has no carousel: send the cards one by one');
  if (replyToNetworkId !== undefined && !/^mid:/i.test(replyToNetworkId))
    return wrong('reply', 'replyToNetworkId: OK knows a message by its mid, and this one has none');
  if (text.trim() === '' && options.keyboardNeedsText && fitted !== undefined)
    return wrong('text', 'a message with a keyboard has a text');
  if (text.trim() === '' && attachments.length === 0 && fitted === undefined)
    return wrong('text', 'a message has a text or an attachment');

  const parts = [...attachments.map(attachmentOf), ...(fitted === undefined ? [] : [keyboardOf(fitted.keyboard, options)])];
  const message = {
    ...(text !== '' && { text }),
    ...(parts.length === 1 && { attachment: parts[0] }),
    ...(parts.length > 1 && { attachments: parts }),
    ...(replyToNetworkId !== undefined && { reply_to: replyToNetworkId }),
  };
  return { ok: true, message };
}

const wrong = (place: OkContentPlace, rule: string): OkContent & { ok: false } => ({ ok: false, place, rule });

function textProblem(text: string, { textCharactersMax }: OkContentOptions): OkContent | undefined {
  const characters = [...text].length;
  if (characters <= textCharactersMax) return undefined;
  return wrong('text', `at most ${textCharactersMax} characters, there are ${characters}`);
}

/** apiok.ru, graph.user.messages: five attachments, one image by its address. */
function attachmentsProblem(attachments: readonly OutgoingAttachment[], hasKeyboard: boolean): OkContent | undefined {
  const { attachmentsMax } = CAPABILITIES.ok;
  const count = attachments.length + (hasKeyboard ? 1 : 0);
  if (count > attachmentsMax)
    return wrong('attachments', `OK takes at most ${attachmentsMax}, the keyboard among them, there are ${count}`);
  const byUrl = attachments.flatMap((attachment, index) =>
    attachment.kind === 'image-url' ? [{ url: attachment.url, index }] : [],
  );
  if (byUrl.length > 1) return wrong('attachments', `OK takes one image by its address, there are ${byUrl.length}`);
  for (const { url, index } of byUrl) {
    if (!/^https?:\/\//i.test(url) || !URL.canParse(url))
      return wrong('attachments', `attachments[${index}].url: an image has an http or https address`);
  }
  return undefined;
}

function attachmentOf(attachment: OutgoingAttachment): object {
  if (attachment.kind === 'image-url') return { type: 'IMAGE', payload: { url: attachment.url } };
  return { type: OK_FILE_TYPES[attachment.kind], payload: { token: tokenOf(attachment.reference) } };
}

/** Shape from three independent clients; OK's own page on keyboards was not found. */
function keyboardOf({ rows }: Keyboard, options: OkContentOptions): object {
  const buttons = rows.map((row) => row.map((button) => buttonOf(button, options)));
  return { type: 'INLINE_KEYBOARD', payload: { keyboard: { buttons } } };
}

function buttonOf(button: Button, { quickLocation }: OkContentOptions): object {
  const { label: text } = button;
  switch (button.kind) {
    case 'link':
      return { type: 'LINK', text, intent: 'DEFAULT', url: button.url };
    case 'contact':
      return { type: 'REQUEST_CONTACT', text, intent: 'DEFAULT' };
    case 'location':
      return { type: 'REQUEST_GEO_LOCATION', text, intent: 'DEFAULT', quick: quickLocation };
    case 'callback':
    case 'text': // never here: fitted to a callback button
      return { type: 'CALLBACK', text, intent: INTENTS[button.color ?? 'secondary'], payload: button.payload };
  }
}

const INTENTS = { primary: 'DEFAULT', secondary: 'DEFAULT', positive: 'POSITIVE', negative: 'NEGATIVE' } as const;
