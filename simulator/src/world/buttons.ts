import type { Keyboard, MessageStatus, ShownButton } from './dialogs.ts';

interface Showing {
  deleted: boolean;
  status: MessageStatus;
  keyboard: Keyboard | null;
}

/** The button with this payload that the person can see: those under the dialog first, then those of messages, newest first. */
export function findButton<M extends Showing>(
  dialog: { keyboard: Keyboard | null; messages: readonly M[] },
  payload: string,
): { button: ShownButton; shownBy: M | null } | null {
  const wanted = canonical(payload);
  const among = (buttons: readonly ShownButton[]) => buttons.find((button) => canonical(button.payload) === wanted);
  const under = among(dialog.keyboard?.buttons ?? []);
  if (under !== undefined) return { button: under, shownBy: null };
  for (const message of dialog.messages.toReversed()) {
    if (message.deleted || message.status === 'pending' || message.keyboard?.place !== 'message') continue;
    const button = among(message.keyboard.buttons);
    if (button !== undefined) return { button, shownBy: message };
  }
  return null;
}

/** Networks and people write the same JSON with other spaces and in another order of names. */
function canonical(payload: string): string {
  try {
    return JSON.stringify(sortNames(JSON.parse(payload)));
  } catch {
    return payload; // not JSON: OK's payloads are any text
  }
}

function sortNames(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortNames);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, inner]) => [name, sortNames(inner)]),
  );
}
