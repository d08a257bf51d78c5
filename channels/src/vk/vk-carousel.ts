import type { CarouselCard } from '../channel.ts';
import { fitKeyboard, type KeyboardFinding } from '../keyboard/keyboard.ts';
import { vkButton } from './vk-keyboard.ts';

// Texts and buttons: documentation as quoted in vknet. [?] The number of cards is not documented.
const CARDS_MAX = 10;
const BUTTONS_MAX = 3;
const TEXT_CHARACTERS_MAX = 80;

const PHOTO = /^(?:photo)?(-?\d+_\d+)(?:_\w+)?$/;

/** The `template` parameter, or what VK would not take of the cards: all of it. */
export type FittedCarousel = { ok: true; template: string } | { ok: false; problems: readonly KeyboardFinding[] };

/** Makes a carousel of cards. Pure. Never throws. Source: dev.vk.com/api/bots/development/messages, carousels. */
export function fitCarousel(cards: readonly CarouselCard[]): FittedCarousel {
  const problems: KeyboardFinding[] = [];
  if (cards.length > CARDS_MAX)
    problems.push({ path: 'carousel', rule: `VK takes at most ${CARDS_MAX} cards, there are ${cards.length}` });
  const elements = cards.map((card, index) => {
    const { element, findings } = fitCard(card, `carousel[${index}]`);
    if (card.buttons.length !== cards[0]?.buttons.length)
      findings.push({ path: `carousel[${index}].buttons`, rule: 'all cards have the same number of buttons' });
    problems.push(...findings);
    return element;
  });
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, template: JSON.stringify({ type: 'carousel', elements }) };
}

function fitCard(card: CarouselCard, path: string): { element: Record<string, unknown>; findings: KeyboardFinding[] } {
  const findings: KeyboardFinding[] = [];
  const find = (field: string, rule: string): unknown => findings.push({ path: `${path}.${field}`, rule });
  const { title, description, photoReference, linkUrl, buttons } = card;
  if (title.trim() === '') find('title', 'a card needs a title');
  for (const [field, text = ''] of [
    ['title', title],
    ['description', description],
  ] as const) {
    const characters = [...text].length;
    if (characters > TEXT_CHARACTERS_MAX)
      find(field, `VK takes at most ${TEXT_CHARACTERS_MAX} characters, there are ${characters}`);
  }
  if (buttons.length > BUTTONS_MAX) find('buttons', `VK takes at most ${BUTTONS_MAX} buttons, there are ${buttons.length}`);
  // One button a row: VK lays out the buttons of a card itself, and a wide one stands as well as any other.
  const fitted = fitKeyboard('vk', { place: 'message', rows: buttons.map((button) => [button]) });
  if (!fitted.ok) {
    const ofButtons = fitted.problems.filter((problem) => problem.path !== 'rows');
    findings.push(
      ...ofButtons.map(({ path: at, rule }) => ({ path: at.replace(/^rows\[(\d+)\]\[0\]/, `${path}.buttons[$1]`), rule })),
    );
  }
  const [, photoId] = PHOTO.exec(photoReference ?? '') ?? [];
  if (photoReference !== undefined && photoId === undefined)
    find('photoReference', 'a picture is an uploaded photo, such as -1_2');
  if (linkUrl !== undefined && !/^https?:\/\/[^/]/i.test(linkUrl)) find('linkUrl', 'a link is an http or https address');
  const press = linkUrl === undefined ? photoId !== undefined && { type: 'open_photo' } : { type: 'open_link', link: linkUrl };
  const element = {
    title,
    ...(description !== undefined && { description }),
    ...(photoId !== undefined && { photo_id: photoId }),
    ...(fitted.ok && { buttons: fitted.keyboard.rows.flat().map(vkButton) }),
    ...(press !== false && { action: press }),
  };
  return { element, findings };
}
