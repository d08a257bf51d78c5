import type { Network } from './channel.ts';

/** A file that a network's message carries, where its bytes can be fetched. */
export interface FileIn {
  kind: 'image' | 'file' | 'voice' | 'video';
  /** As the person sees it; made up where the network tells none. */
  name: string;
  url: string;
}

type Raw = Readonly<Record<string, unknown>>;
const isRaw = (value: unknown): value is Raw => typeof value === 'object' && value !== null && !Array.isArray(value);
const textIn = (raw: Raw, name: string): string | undefined =>
  typeof raw[name] === 'string' && raw[name] !== '' ? raw[name] : undefined;

/** The largest of the sizes that VK offers: `orig_photo`, or the widest. Schema: photos_photo, photos_photo_sizes. */
function vkPhoto(photo: Raw): string | undefined {
  const original = isRaw(photo['orig_photo']) ? textIn(photo['orig_photo'], 'url') : undefined;
  return original ?? widest(photo['sizes']);
}
function widest(sizes: unknown): string | undefined {
  const known = Array.isArray(sizes) ? sizes.filter(isRaw) : [];
  const [first] = [...known].sort((a, b) => Number(b['width'] ?? 0) - Number(a['width'] ?? 0));
  return first === undefined ? undefined : textIn(first, 'url');
}

interface Kind {
  kind: FileIn['kind'];
  /** Where the network tells none. */
  name: string;
  urlOf(body: Raw): string | undefined;
}
/** By `type` of an attachment. VK gives videos, posts and goods as pages, OK gifts and music: these are shown as links, not kept. */
const KINDS: Readonly<Record<Network, Readonly<Record<string, Kind>>>> = {
  // dev.vk.com/reference/objects/attachments-message; the body stands under the name of the type.
  vk: {
    photo: { kind: 'image', name: 'photo.jpg', urlOf: vkPhoto },
    doc: { kind: 'file', name: 'file', urlOf: (body) => textIn(body, 'url') },
    audio_message: { kind: 'voice', name: 'voice.ogg', urlOf: (body) => textIn(body, 'link_ogg') },
    graffiti: { kind: 'image', name: 'graffiti.png', urlOf: (body) => textIn(body, 'url') },
    sticker: { kind: 'image', name: 'sticker.png', urlOf: (body) => widest(body['images']) },
  },
  // apiok.ru, graph.chat.messages: the body is `payload`.
  ok: {
    IMAGE: { kind: 'image', name: 'photo.jpg', urlOf: (body) => textIn(body, 'url') },
    FILE: { kind: 'file', name: 'file', urlOf: (body) => textIn(body, 'url') },
    AUDIO: { kind: 'voice', name: 'voice', urlOf: (body) => textIn(body, 'url') },
    VIDEO: { kind: 'video', name: 'video.mp4', urlOf: (body) => textIn(body, 'url') },
    STICKER: { kind: 'image', name: 'sticker.png', urlOf: (body) => textIn(body, 'url') },
  },
};
const NAME_CHARACTERS_MAX = 200;

/** What of the attachments of a message can be fetched, in their order. Takes whatever the network sent, and never throws. */
export function filesIn(network: Network, attachments: readonly unknown[]): readonly FileIn[] {
  return attachments.flatMap((attachment) => {
    if (!isRaw(attachment)) return [];
    const type = textIn(attachment, 'type') ?? '';
    const known = Object.hasOwn(KINDS[network], type) ? KINDS[network][type] : undefined;
    const body = attachment[network === 'vk' ? type : 'payload'];
    const url = known === undefined || !isRaw(body) ? undefined : known.urlOf(body);
    if (known === undefined || url === undefined || !/^https?:\/\//i.test(url) || !URL.canParse(url)) return [];
    const told = textIn(body as Raw, 'title') ?? textIn(body as Raw, 'name') ?? known.name;
    return [{ kind: known.kind, name: told.slice(0, NAME_CHARACTERS_MAX), url }];
  });
}
