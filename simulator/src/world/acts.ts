import { findButton } from './buttons.ts';
import type { Clock } from './clock.ts';
import type { Acted, SayingMore } from './deeds.ts';
import type { Dialog, Dialogs, Message, ShownButton } from './dialogs.ts';
import type { Emit } from './emitter.ts';
import type { Group } from './groups.ts';
import type { Ids } from './ids.ts';
import type { Person } from './people.ts';
import type { Permissions } from './permissions.ts';
import { extraOf, type Shared, USUAL_PLACE } from './sharing.ts';

/** What a person does in a dialog so that the group hears of it. Writing lifts their own ban on the group. */
export interface Acts {
  say(group: Group, person: Person, text: string, more?: SayingMore): Acted<Message>;
  press(group: Group, person: Person, payload: string): Acted<ShownButton>;
  share(group: Group, person: Person, shared: Shared, payload?: string): Acted<Message>;
  start(group: Group, person: Person, payload?: string): Acted<null>;
}

export interface ActParts {
  clock: Clock;
  ids: Ids;
  dialogs: Dialogs;
  permissions: Permissions;
  emit: Emit;
}

export function createActs({ clock, ids, dialogs, permissions, emit }: ActParts): Acts {
  const say: Acts['say'] = (group, person, text, { payload = null, ref = null, extra = {}, under } = {}) => {
    const allowed = permissions.set(group, person, 'allowed');
    if (!allowed.ok) return allowed;
    const dialog = dialogs.open(group, person);
    const tag = answeredTag(dialog, under);
    const message = dialogs.add(
      dialog,
      { from: 'person', kind: 'message', text, tag, payload, ref, extra, keyboard: null, status: 'received' },
      { time: clock.now(), mono: clock.monotonic() },
    );
    emit('said', message);
    return { ok: true, result: message };
  };
  const share: Acts['share'] = (group, person, shared, payload) =>
    say(group, person, '', {
      extra: extraOf(shared, group.network, person),
      ...(payload === undefined || payload === '' ? {} : { payload }),
    });

  return {
    say,
    share,
    press(group, person, payload) {
      const dialog = dialogs.find(group, person);
      if (dialog === null)
        return { ok: false, reason: permissions.of(group, person) === 'no_account' ? 'no_account' : 'no_button' };
      const found = findButton(dialog, payload);
      if (found === null) return { ok: false, reason: 'no_button' };
      const { button, shownBy } = found;
      if (shownBy === null && dialog.keyboard?.oneTime === true) dialog.keyboard = null;
      if (button.does === 'say') say(group, person, button.label, button.payload === '' ? {} : { payload: button.payload });
      else if (button.does === 'contact') share(group, person, { kind: 'contact' });
      else if (button.does === 'location') share(group, person, USUAL_PLACE, button.payload);
      else if (button.does === 'tell') {
        const { payload: given } = button;
        const press = { dialog, shownBy, payload: given, eventId: ids.eventId(), callbackId: ids.hex(16) };
        emit('pressed', { ...press, time: clock.now() });
      }
      return { ok: true, result: button };
    },
    start(group, person, payload) {
      if (group.network === 'vk') {
        // Label and payload of VK's own Start button (vk.md 1.4).
        const more = payload === undefined ? {} : { ref: payload };
        const said = say(group, person, 'Начать', { payload: '{"command":"start"}', ...more });
        return said.ok ? { ok: true, result: null } : said;
      }
      const allowed = permissions.set(group, person, 'allowed');
      if (allowed.ok) emit('started', { dialog: dialogs.open(group, person), payload: payload ?? null, time: clock.now() });
      return allowed;
    },
  };
}

/** The tag of a notification goes to its answer while nothing newer of the group stands under it (vk.md 1.4, message_tag). */
function answeredTag({ messages }: Dialog, under: SayingMore['under']): string | null {
  if (under === 'dialog') return null;
  const answered = messages.findLast(
    ({ from, status, kind }) =>
      from === 'group' && (status === 'received' || status === 'read') && (under === undefined || kind === 'notification'),
  );
  return answered?.kind === 'notification' ? answered.tag : null;
}
