import { createHmac, timingSafeEqual } from 'node:crypto';

/** Whose link it was, and which. */
export interface LinkPlace {
  contactId: number;
  variant: number;
  link: number;
}

const MAC_CHARACTERS = 12; // 72 bits: nobody guesses another person's
const BASE = 36;
const TOKEN = /^([0-9a-z]{1,11})-([0-9a-z]{1,11})-([0-9a-z])([0-9a-z]{1,2})-([\w-]{12})$/;

/** An address that tells whose link it is, without a row for each: it is authenticated by the key of its broadcast. */
export function shortLink(
  { publicUrl, broadcastId, linkKey }: { publicUrl: string; broadcastId: number; linkKey: Buffer },
  place: LinkPlace,
): string {
  const plain = [
    broadcastId.toString(BASE),
    place.contactId.toString(BASE),
    place.variant.toString(BASE) + place.link.toString(BASE),
  ];
  return `${publicUrl.replace(/\/$/, '')}/l/${plain.join('-')}-${macOf(linkKey, plain.join('-'))}`;
}

/** The broadcast that a token names; null for what is none. It may yet be forged. */
export function broadcastOf(token: string): number | null {
  const [, broadcastId] = TOKEN.exec(token) ?? [];
  const id = broadcastId === undefined ? Number.NaN : Number.parseInt(broadcastId, BASE);
  return Number.isSafeInteger(id) ? id : null;
}

/** Null where the token was not made with this key. */
export function readToken(token: string, linkKey: Buffer): LinkPlace | null {
  const [, , contactId = '', variant = '', link = '', mac = ''] = TOKEN.exec(token) ?? [];
  const expected = macOf(linkKey, token.slice(0, -MAC_CHARACTERS - 1));
  if (mac.length !== MAC_CHARACTERS || !timingSafeEqual(Buffer.from(mac), Buffer.from(expected))) return null;
  return {
    contactId: Number.parseInt(contactId, BASE),
    variant: Number.parseInt(variant, BASE),
    link: Number.parseInt(link, BASE),
  };
}

function macOf(linkKey: Buffer, plain: string): string {
  return createHmac('sha256', linkKey).update(plain).digest('base64url').slice(0, MAC_CHARACTERS);
}
