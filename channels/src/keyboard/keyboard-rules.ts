import type { Network } from '../channel.ts';
import type { ButtonKind, Keyboard } from './keyboard.ts';

interface Sizes {
  rowsMax: number;
  buttonsPerRowMax: number;
  buttonsMax: number;
}

/** What the keyboards of one network may be. To change a limit, change its row. */
export interface KeyboardRules {
  /** For sentences. */
  name: string;
  places: readonly Keyboard['place'][];
  sizes: Readonly<Record<Keyboard['place'], Sizes>>;
  /** What the network shows in place of a kind it lacks. */
  standIns: Readonly<Partial<Record<ButtonKind, 'text' | 'callback'>>>;
  /** Take the width of several. */
  wideKinds: readonly ButtonKind[];
  /** How many buttons a row with a wide one may have, itself counted. */
  buttonsInWideRowMax: number;
  labelCharactersMax: number;
  payloadCharactersMax: number;
  urlCharactersMax: number;
}

const OK_SIZES: Sizes = { rowsMax: 30, buttonsPerRowMax: 7, buttonsMax: 210 };

export const KEYBOARD_RULES: Readonly<Record<Network, KeyboardRules>> = {
  // Sizes: dev.vk.com/api/bots/development/keyboard. Label and payload: the builders of vk-io and vk_api.
  vk: {
    name: 'VK',
    places: ['message', 'dialog'],
    sizes: {
      message: { rowsMax: 6, buttonsPerRowMax: 5, buttonsMax: 10 },
      dialog: { rowsMax: 10, buttonsPerRowMax: 5, buttonsMax: 40 },
    },
    standIns: { contact: 'text' },
    // vk-io puts two of them into a row, vk_api one: one is right for both.
    wideKinds: ['location'],
    buttonsInWideRowMax: 1,
    labelCharactersMax: 40,
    payloadCharactersMax: 255,
    urlCharactersMax: 2_048, // [?] not documented: ours
  },
  // [?] OK documents none. TamTam, its cousin, gives label, payload and address; MAX, the next cousin, gives the sizes.
  ok: {
    name: 'OK',
    places: ['message'],
    sizes: { message: OK_SIZES, dialog: OK_SIZES },
    standIns: { text: 'callback' },
    wideKinds: ['link', 'contact', 'location'],
    buttonsInWideRowMax: 3,
    labelCharactersMax: 128,
    payloadCharactersMax: 1_024,
    urlCharactersMax: 2_048,
  },
};
