import { createHash } from 'node:crypto';
import type { Button, Outgoing } from '../channel.ts';

// dev.vk.com/api/bots/development/keyboard, inline keyboards; label and payload: builders of vk-io and vk_api.
const ROWS_MAX = 6;
const BUTTONS_PER_ROW_MAX = 5;
const BUTTONS_MAX = 10;
const LABEL_CHARACTERS_MAX = 40;
const PAYLOAD_CHARACTERS_MAX = 255;

/**
 * VK's key against repeats: a signed 32-bit hash of message and recipient, the same on every attempt and in every process.
 * Never 0, which would switch the check off; small, because clients of VK disagree on anything wider.
 */
export function randomIdOf({ dedupKey, recipientId }: Pick<Outgoing, 'dedupKey' | 'recipientId'>): number {
  const hash = createHash('sha256').update(`${dedupKey}\n${recipientId}`, 'utf8').digest().readInt32BE(0);
  return hash === 0 ? 1 : hash;
}

/** The `keyboard` parameter: text buttons below the message, as JSON text. */
export function keyboardOf(rows: readonly (readonly Button[])[]): string {
  const buttons = rows.map((row) => row.map(({ label, payload }) => ({ action: { type: 'text', label, payload } })));
  return JSON.stringify({ inline: true, buttons });
}

/** Whether VK would take these buttons; it refuses the whole message with error 911 otherwise. */
export function keyboardFits(rows: readonly (readonly Button[])[]): boolean {
  const buttons = rows.flat();
  return (
    rows.length <= ROWS_MAX &&
    buttons.length <= BUTTONS_MAX &&
    rows.every((row) => row.length > 0 && row.length <= BUTTONS_PER_ROW_MAX) &&
    buttons.every(({ label, payload }) => [...label].length <= LABEL_CHARACTERS_MAX && payload.length <= PAYLOAD_CHARACTERS_MAX)
  );
}
