import type { Keyboard, ShownButton } from '../../world/world.ts';
import { readKeyboard, type VkButton } from '../keyboard.ts';
import { type Refusal, refuse } from '../vk-errors.ts';
import type { VkCall } from '../vk-network.ts';
import { readAttachments } from './attachments.ts';
import { readCarousel } from './carousel.ts';
import { readReferences } from './references.ts';

/** The parameters that messages.send and messages.edit share. Source: the schema, 5.199. */
export const CONTENT_PARAMETERS = {
  message: { type: 'text' },
  lat: { type: 'number', min: -90, max: 90 },
  long: { type: 'number', min: -180, max: 180 },
  attachment: { type: 'text', lengthMax: 9_000 },
  sticker_id: { type: 'integer', min: 0 },
  reply_to: { type: 'integer' },
  forward_messages: { type: 'integers', itemsMax: 1_000 },
  forward: { type: 'text' },
  keyboard: { type: 'text' },
  template: { type: 'text' },
  payload: { type: 'text', lengthMax: 1_000 },
  content_source: { type: 'text' },
  dont_parse_links: { type: 'boolean' },
  disable_mentions: { type: 'boolean' },
} as const;

export interface ContentValues {
  message: string | undefined;
  lat: number | undefined;
  long: number | undefined;
  attachment: string | undefined;
  sticker_id: number | undefined;
  reply_to: number | undefined;
  forward_messages: number[] | undefined;
  forward: string | undefined;
  keyboard: string | undefined;
  template: string | undefined;
  payload: string | undefined;
  content_source: string | undefined;
}

/** What a message says after the check. */
export interface Content {
  text: string;
  keyboard: Keyboard | undefined;
  /** Fields of the message as VK keeps and shows them. */
  extra: Record<string, unknown>;
}

/** Checks what a message is to hold. [?] The order in which VK checks is not known: text, JSON, keyboard, then what it refers to. */
export function readContent(values: ContentValues, call: VkCall): { ok: true; content: Content } | Refusal {
  const { message: text = '', payload, content_source: source } = values;
  const { vkTextCharacters } = call.network.world.limits.settings();
  if (vkTextCharacters !== null && [...text].length > vkTextCharacters) return refuse(914);
  const others = [
    values.attachment,
    values.sticker_id,
    values.forward,
    values.forward_messages,
    values.template,
    values.lat,
    values.long,
  ];
  if (text.trim() === '' && others.every((other) => other === undefined)) return refuse(100, 'message is empty or invalid');
  if ((values.lat === undefined) !== (values.long === undefined)) return refuse(100, 'lat and long should be given together');
  if (payload !== undefined && !isJson(payload)) return refuse(100, 'payload contains incorrect JSON');
  if (source !== undefined && !isJson(source)) return refuse(100, 'content_source contains incorrect JSON');

  const buttons = readPressables(values, call);
  if (!buttons.ok) return buttons;
  const attached = values.attachment === undefined ? null : readAttachments(values.attachment, call);
  if (attached !== null && !attached.ok) return attached;
  const references = readReferences(values, call);
  if (!references.ok) return references;
  const attachments = [
    ...(attached?.attachments ?? []),
    ...(values.sticker_id === undefined ? [] : [stickerAttachment(values.sticker_id)]),
  ];
  return {
    ok: true,
    content: {
      // A sticker stands alone: VK drops the text beside it.
      text: values.sticker_id === undefined ? text : '',
      keyboard: buttons.shown,
      extra: {
        ...(payload === undefined ? {} : { payload }),
        ...buttons.bodies,
        ...(attachments.length === 0 ? {} : { attachments }),
        ...(values.lat === undefined ? {} : { geo: geoOf(values.lat, values.long ?? 0) }),
        ...references.references,
      },
    },
  };
}

function readPressables(
  { keyboard, template }: ContentValues,
  call: VkCall,
): { ok: true; shown: Keyboard | undefined; bodies: Record<string, unknown> } | Refusal {
  // Buttons are a feature of bots, which the community must have switched on (contracts/vk.md 3.6).
  const isBot = call.network.communities.settings(call.group).bots_capabilities;
  if ((keyboard !== undefined || template !== undefined) && !isBot) return refuse(912);
  const read = keyboard === undefined ? null : readKeyboard(keyboard);
  if (read !== null && !read.ok) return read;
  const carousel = template === undefined ? null : readCarousel(template);
  if (carousel !== null && !carousel.ok) return carousel;
  const bodies = {
    ...(read === null ? {} : { keyboard: { ...read.keyboard.body, author_id: -Number(call.group.id) } }),
    ...(carousel === null ? {} : { template: carousel.carousel.body }),
  };
  // A message shows one set of buttons; those of a carousel belong to the message.
  if (carousel !== null) {
    const { buttons } = carousel.carousel;
    return { ok: true, bodies, shown: { place: 'message', oneTime: false, buttons: pressable(buttons) } };
  }
  if (read === null) return { ok: true, bodies, shown: undefined };
  const { inline, rows, body } = read.keyboard;
  const oneTime = body['one_time'] === true;
  return { ok: true, bodies, shown: { place: inline ? 'message' : 'dialog', oneTime, buttons: pressable(rows.flat()) } };
}

/** What pressing does, by the type of the action. The other types lead out of the conversation and never reach the group. */
const DOES: Readonly<Record<string, ShownButton['does']>> = {
  text: 'say',
  callback: 'tell',
  location: 'location',
  open_link: 'open',
};

// A location button has no label of its own; clients write this one.
const LOCATION_LABEL = 'Моё местоположение';

function pressable(buttons: readonly VkButton[]): ShownButton[] {
  return buttons.flatMap(({ type, label, payload, link }) => {
    const does = DOES[type];
    if (does === undefined) return [];
    const shown = { label: type === 'location' ? LOCATION_LABEL : label, payload: payload ?? '', does };
    return [link === null ? shown : { ...shown, url: link }];
  });
}

function stickerAttachment(stickerId: number): Record<string, unknown> {
  return {
    type: 'sticker',
    sticker: { inner_type: 'base_sticker_new', sticker_id: stickerId, product_id: 1, images: [], images_with_background: [] },
  };
}

function geoOf(latitude: number, longitude: number): Record<string, unknown> {
  return { type: 'point', coordinates: { latitude, longitude }, showmap: 1 };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
