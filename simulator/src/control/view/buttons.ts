import type { Keyboard } from '../../world/world.ts';
import { isObject, listOf, objectOf, textOf } from './wire-values.ts';

/** What pressing does: writes its label, tells the group, opens a link, gives away place or contact. `other`: nothing here. */
export type ButtonDeed = 'say' | 'tell' | 'open' | 'location' | 'contact' | 'other';
export type ButtonColor = 'primary' | 'secondary' | 'positive' | 'negative';

/** A button as it is drawn. */
export interface ButtonView {
  label: string;
  color: ButtonColor;
  does: ButtonDeed;
  /** What presses it, see `POST …/press`. */
  payload: string;
  /** Of `open` only. */
  link: string | null;
}

export type Rows = ButtonView[][];

const VK_DEEDS: Readonly<Record<string, ButtonDeed>> = {
  text: 'say',
  callback: 'tell',
  open_link: 'open',
  location: 'location',
};
const VK_COLORS: Readonly<Record<string, ButtonColor>> = {
  primary: 'primary',
  positive: 'positive',
  negative: 'negative',
};
const OK_DEEDS: Readonly<Record<string, ButtonDeed>> = {
  CALLBACK: 'tell',
  LINK: 'open',
  REQUEST_GEO_LOCATION: 'location',
  REQUEST_CONTACT: 'contact',
};
const OK_COLORS: Readonly<Record<string, ButtonColor>> = { POSITIVE: 'positive', NEGATIVE: 'negative' };

/** A `keyboard` of VK as the group sent it: contracts/vk.md 3.3. */
export function vkRows(keyboard: unknown): Rows {
  return listOf(objectOf(keyboard)['buttons']).map((row) => listOf(row).filter(isObject).map(vkButton));
}

/** One of VK's buttons; those of a carousel's card have the same form. */
export function vkButton(button: Record<string, unknown>): ButtonView {
  const action = objectOf(button['action']);
  const { payload } = action;
  const color = VK_COLORS[textOf(button['color'])] ?? 'secondary';
  return {
    label: textOf(action['label']),
    color,
    does: VK_DEEDS[textOf(action['type'])] ?? 'other',
    payload: typeof payload === 'string' ? payload : payload === undefined ? '' : JSON.stringify(payload),
    link: typeof action['link'] === 'string' ? action['link'] : null,
  };
}

/** The INLINE_KEYBOARD among OK's attachments, empty where there is none: contracts/ok.md 3.4. */
export function okRows(attachments: unknown): Rows {
  return listOf(attachments)
    .filter(isObject)
    .filter(({ type }) => type === 'INLINE_KEYBOARD')
    .flatMap(({ payload }) => listOf(objectOf(objectOf(payload)['keyboard'])['buttons']))
    .map((row) => listOf(row).filter(isObject).map(okButton));
}

function okButton({ type, text, intent, payload, url }: Record<string, unknown>): ButtonView {
  return {
    label: textOf(text),
    color: OK_COLORS[textOf(intent)] ?? 'secondary',
    does: OK_DEEDS[textOf(type)] ?? 'other',
    payload: textOf(payload),
    link: typeof url === 'string' ? url : null,
  };
}

/** What can be pressed where the network's own form was not kept: a row for each button. */
export function plainRows(keyboard: Keyboard | null): Rows {
  return (keyboard?.buttons ?? []).map(({ label, payload, does, url }) => [
    { label, payload, does, color: 'secondary', link: url ?? null },
  ]);
}
