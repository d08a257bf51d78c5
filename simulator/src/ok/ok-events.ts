import { type ChatAction, type ChatActor, type Group, okMessageCreated, type World } from '../world/world.ts';
import { contentOf, groupOf, type Line, lineOfChat, type Place, placeOfChat, placeOfDialog } from './places.ts';

/** What a group's subscription may name (contracts/ok.md 3.1, 3.2). */
export const OK_EVENT_TYPES = ['MESSAGE_CREATED', 'MESSAGE_CALLBACK', 'CHAT_SYSTEM'] as const;

/** One event of a group. `body` is the same for every webhook and for long polling; `seq` in it is a bigint. */
export interface OkEvent {
  group: Group;
  /** One of `OK_EVENT_TYPES`; an application's are its own. */
  type: string;
  /** Events of one chat go out in order. */
  chatId: string;
  body: object;
}

/**
 * [?] Sub-types of CHAT_SYSTEM by what happened in a chat of several people. OK names only CHAT_STARTED; these are inferred
 * from the prose of its pages, their fields from chat_control (contracts/ok.md 4.2). Null: no event is known for it.
 */
const CHAT_SYSTEM: {
  [Kind in ChatAction['kind']]: ((action: Extract<ChatAction, { kind: Kind }>, by: ChatActor, group: Group) => object) | null;
} = {
  created: null,
  renamed: ({ title }) => ({ type: 'CHAT_TITLE_CHANGED', title }),
  icon: ({ url }) => ({ type: 'CHAT_ICON_CHANGED', icon: url === null ? null : { url } }),
  joined: ({ member }, _by, group) => ({ type: 'USER_ADDED', user: actorOf(member, group) }),
  left: ({ member }, by, group) => ({ type: member === by ? 'USER_LEFT' : 'USER_REMOVED', user: actorOf(member, group) }),
  pinned: null,
  unpinned: null,
};

/** The sub-type of a system line with its fields; null for one that OK tells nobody of. */
export function systemFieldsOf(action: ChatAction, by: ChatActor, group: Group): object | null {
  const fields = CHAT_SYSTEM[action.kind] as ((action: ChatAction, by: ChatActor, group: Group) => object) | null;
  return fields?.(action, by, group) ?? null;
}

/** Somebody as `sender` of an event. [?] How OK names the group itself is not documented. */
export function actorOf(actor: ChatActor, group: Group): { user_id: string; name: string } {
  return actor === null
    ? { user_id: `group:${group.id}`, name: group.name }
    : { user_id: `user:${actor.okId}`, name: `${actor.firstName} ${actor.lastName}` };
}

/** A line as history and events have it, without the kind of event. */
export function bodyOf(line: Line): { sender: object; recipient: object; message: object; timestamp: number } {
  const { place, author, mid, seq, time } = line;
  const { text, extra } = contentOf(line);
  return {
    sender: actorOf(author, groupOf(place)),
    recipient: { chat_id: place.id },
    message: { text, seq, ...extra, mid },
    timestamp: time,
  };
}

/**
 * Tells `publish` what people do in OK's groups and in the chats that these are in. What a group itself writes or does is no
 * event: OK does not send it to the token's owner. Sources: seed 002; contracts/ok.md 4.2.
 */
export function watchWorld(world: World, publish: (event: OkEvent) => void): void {
  type Body = { webhookType: (typeof OK_EVENT_TYPES)[number]; recipient: { chat_id: string } };
  const tell = (group: Group, body: () => Body | null): void => {
    const told = group.network === 'ok' ? body() : null;
    if (told !== null) publish({ group, type: told.webhookType, chatId: told.recipient.chat_id, body: told });
  };
  const headOf = (place: Place, person: ChatActor) => ({
    sender: actorOf(person, groupOf(place)),
    recipient: { chat_id: place.id },
  });

  world.on('said', (message) => tell(message.dialog.group, () => okMessageCreated(message)));
  world.on('pressed', ({ dialog, shownBy, payload, callbackId, time }) =>
    tell(dialog.group, () => ({
      webhookType: 'MESSAGE_CALLBACK',
      ...headOf(placeOfDialog(dialog), dialog.person),
      payload,
      callbackId,
      ...(shownBy === null ? {} : { mid: shownBy.networkId }),
      timestamp: time,
    })),
  );
  world.on('started', ({ dialog, payload, time }) =>
    tell(dialog.group, () => ({
      webhookType: 'CHAT_SYSTEM',
      type: 'CHAT_STARTED',
      ...headOf(placeOfDialog(dialog), dialog.person),
      ...(payload === null ? {} : { payload }),
      timestamp: time,
    })),
  );
  world.on('chatSaid', (message) => {
    const { chat, author, action, time } = message;
    if (author === null) return;
    tell(chat.group, () => {
      if (action === null) {
        const { message: said, timestamp } = bodyOf(lineOfChat(message));
        return { webhookType: 'MESSAGE_CREATED', ...headOf(placeOfChat(chat), author), message: said, timestamp };
      }
      const fields = systemFieldsOf(action, author, chat.group);
      if (fields === null) return null;
      return { webhookType: 'CHAT_SYSTEM', ...fields, ...headOf(placeOfChat(chat), author), timestamp: time };
    });
  });
  world.on('chatPressed', ({ chat, person, shownBy, payload, callbackId, time }) =>
    tell(chat.group, () => ({
      webhookType: 'MESSAGE_CALLBACK',
      ...headOf(placeOfChat(chat), person),
      payload,
      callbackId,
      ...(shownBy === null ? {} : { mid: lineOfChat(shownBy).mid }),
      timestamp: time,
    })),
  );
}
