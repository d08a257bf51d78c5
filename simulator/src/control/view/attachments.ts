import type { Network } from '../../world/world.ts';
import { isObject, listOf, numberOf, objectOf, textOf } from './wire-values.ts';

export type AttachmentKind = 'photo' | 'file' | 'voice' | 'video' | 'link' | 'sticker' | 'contact' | 'location' | 'other';

/** Something that hangs on a message, as it is drawn. What does not apply is null. */
export interface AttachmentView {
  kind: AttachmentKind;
  /** As the network names it. */
  type: string;
  title: string;
  url: string | null;
  bytes: number | null;
  seconds: number | null;
  width: number | null;
  height: number | null;
  latitude: number | null;
  longitude: number | null;
  phone: string | null;
}

const NOTHING = {
  url: null,
  bytes: null,
  seconds: null,
  width: null,
  height: null,
  latitude: null,
  longitude: null,
  phone: null,
} as const;

type Extra = Readonly<Record<string, unknown>>;

const VK_KINDS: Readonly<Record<string, AttachmentKind>> = {
  photo: 'photo',
  graffiti: 'photo',
  doc: 'file',
  audio: 'file',
  audio_message: 'voice',
  video: 'video',
  link: 'link',
  wall: 'link',
  sticker: 'sticker',
};
const OK_KINDS: Readonly<Record<string, AttachmentKind>> = {
  IMAGE: 'photo',
  FILE: 'file',
  AUDIO: 'voice',
  MUSIC: 'file',
  VIDEO: 'video',
  SHARE: 'link',
  STICKER: 'sticker',
  CONTACT: 'contact',
  LOCATION: 'location',
};

/** What hangs on a message of this network, keyboards apart. Shapes: contracts/vk.md 1.4, contracts/ok.md 3.4. */
export function attachmentViews(network: Network, extra: Extra): AttachmentView[] {
  const given = listOf(extra['attachments']).filter(isObject);
  if (network === 'ok') return given.filter(({ type }) => type !== 'INLINE_KEYBOARD').map(okAttachment);
  const place = isObject(extra['geo']) ? [vkPlace(extra['geo'])] : [];
  return [...given.map(vkAttachment), ...place];
}

function vkAttachment(attachment: Record<string, unknown>): AttachmentView {
  const type = textOf(attachment['type']);
  const media = objectOf(attachment[type]);
  const picture = largest(media);
  return {
    ...NOTHING,
    kind: VK_KINDS[type] ?? 'other',
    type,
    title: textOf(media['title']) || `${type}${textOf(media['owner_id'])}_${textOf(media['id'])}`,
    url: textOf(picture['url']) || textOf(media['link_ogg']) || textOf(media['url']) || null,
    bytes: numberOf(media['size']),
    seconds: numberOf(media['duration']),
    width: numberOf(picture['width']),
    height: numberOf(picture['height']),
  };
}

/** The largest of a photo's sizes; of anything else the thing itself. */
function largest(media: Record<string, unknown>): Record<string, unknown> {
  const sizes = listOf(media['sizes']).filter(isObject);
  return sizes.reduce((best, size) => ((numberOf(size['width']) ?? 0) >= (numberOf(best['width']) ?? 0) ? size : best), media);
}

function vkPlace(geo: Record<string, unknown>): AttachmentView {
  const { latitude, longitude } = objectOf(geo['coordinates']);
  return {
    ...NOTHING,
    kind: 'location',
    type: 'geo',
    title: textOf(objectOf(geo['place'])['title']),
    latitude: numberOf(latitude),
    longitude: numberOf(longitude),
  };
}

function okAttachment(attachment: Record<string, unknown>): AttachmentView {
  const type = textOf(attachment['type']);
  const payload = objectOf(attachment['payload']);
  return {
    ...NOTHING,
    kind: OK_KINDS[type] ?? 'other',
    type,
    title: textOf(payload['name']) || textOf(payload['title']) || textOf(payload['id']) || type,
    url: textOf(payload['url']) || null,
    bytes: numberOf(payload['size']),
    seconds: numberOf(payload['duration']),
    latitude: numberOf(payload['latitude']),
    longitude: numberOf(payload['longitude']),
    phone: textOf(payload['phone']) || null,
  };
}
