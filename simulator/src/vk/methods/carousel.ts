import { readButtons, type VkButton } from '../keyboard.ts';
import { type Refusal, refuse } from '../vk-errors.ts';

// Texts and buttons: contracts/vk.md 3.3. [?] The number of elements is in no document that was found; ten is ours.
export const CAROUSEL = { elementsMax: 10, titleCharactersMax: 80, descriptionCharactersMax: 80, buttonsMax: 3 } as const;

/** A template after the check: its body for messages, and what can be pressed in it. */
export interface Carousel {
  body: Record<string, unknown>;
  buttons: VkButton[];
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Checks a `template` parameter. The first fault refuses the call with error 100, a bad button with 911 and its place.
 *
 * Source: contracts/vk.md 3.3. [?] VK's own words are not known.
 */
export function readCarousel(text: string): { ok: true; carousel: Carousel } | Refusal {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return refuse(100, 'template contains incorrect JSON');
  }
  if (!isObject(body) || body['type'] !== 'carousel') return refuse(100, 'template should have the type carousel');
  const elements: unknown = body['elements'];
  if (!Array.isArray(elements) || elements.length === 0 || elements.length > CAROUSEL.elementsMax) {
    return refuse(100, `template should have 1 to ${CAROUSEL.elementsMax} elements`);
  }
  const buttons: VkButton[] = [];
  for (const [index, element] of elements.entries()) {
    const problem = isObject(element) ? problemOf(element) : 'should be an object';
    if (problem !== null) return refuse(100, `template element [${index}] ${problem}`);
    const read = readButtons((element as { buttons?: unknown }).buttons ?? [], `element [${index}] button`);
    if (!read.ok) return read;
    buttons.push(...read.buttons);
  }
  return { ok: true, carousel: { body: { type: 'carousel', elements }, buttons } };
}

function problemOf(element: Record<string, unknown>): string | null {
  const { title, description, photo_id: photoId, action, buttons = [] } = element;
  for (const [name, value, max] of [
    ['title', title, CAROUSEL.titleCharactersMax],
    ['description', description, CAROUSEL.descriptionCharactersMax],
  ] as const) {
    if (value !== undefined && typeof value !== 'string') return `has a ${name} that is no text`;
    if (typeof value === 'string' && [...value].length > max) return `has a ${name} longer than ${max} characters`;
  }
  if (photoId === undefined && (title === undefined || title === '')) return 'has neither a title nor a photo_id';
  if (photoId !== undefined && !/^-?\d+_\d+/.test(String(photoId))) return 'has a photo_id that is not owner_id';
  if (action !== undefined) {
    if (!isObject(action) || !['open_link', 'open_photo'].includes(String(action['type']))) return 'has an unknown action type';
    if (action['type'] === 'open_link' && typeof action['link'] !== 'string') return 'has an action without a link';
  }
  if (!Array.isArray(buttons) || buttons.length > CAROUSEL.buttonsMax) return `has more than ${CAROUSEL.buttonsMax} buttons`;
  return null;
}
