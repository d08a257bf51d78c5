import type { Button, Keyboard } from '../keyboard/keyboard.ts';

/**
 * The `keyboard` parameter, as JSON text, of a keyboard that `fitKeyboard` has fitted.
 * Source: dev.vk.com/api/bots/development/keyboard.
 */
export function keyboardText({ place, oneTime = false, rows }: Keyboard): string {
  const buttons = rows.map((row) => row.map(vkButton));
  if (place === 'message') return JSON.stringify({ inline: true, buttons });
  return JSON.stringify(rows.length === 0 ? { buttons } : { one_time: oneTime, buttons });
}

/** One button as VK writes it. Colors stand on `text` and `callback` only: on any other the whole message is refused with 911. */
export function vkButton(button: Button): Record<string, unknown> {
  switch (button.kind) {
    case 'text':
    case 'callback': {
      const { kind: type, label, payload, color } = button;
      return { action: { type, label, payload }, ...(color !== undefined && { color }) };
    }
    case 'link':
      return { action: { type: 'open_link', label: button.label, link: button.url } };
    case 'location':
      return { action: { type: 'location', ...(button.payload !== undefined && { payload: button.payload }) } };
    case 'contact':
      throw new Error('VK has no contact button: fit the keyboard with fitKeyboard first');
  }
}
