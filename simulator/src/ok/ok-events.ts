import { type Dialog, type Group, okMessageCreated, type World } from '../world/world.ts';

/** What a subscription may name (contracts/ok.md 3.1, 3.2). */
export const OK_EVENT_TYPES = ['MESSAGE_CREATED', 'MESSAGE_CALLBACK', 'CHAT_SYSTEM'] as const;
export type OkEventType = (typeof OK_EVENT_TYPES)[number];

/** One event of a group. `body` is the same for every webhook and for long polling; `seq` in it is a bigint. */
export interface OkEvent {
  group: Group;
  type: OkEventType;
  /** Events of one chat go out in order. */
  chatId: string;
  body: object;
}

function headOf({ person, peerId }: Dialog): { sender: object; recipient: object } {
  return {
    sender: { user_id: `user:${person.okId}`, name: `${person.firstName} ${person.lastName}` },
    recipient: { chat_id: peerId },
  };
}

/**
 * Tells `publish` what people do in OK's groups. What a group itself writes is no event: OK does not send it to the token's
 * owner. Sources: seed 002; contracts/ok.md 4.2.
 */
export function watchWorld(world: World, publish: (event: OkEvent) => void): void {
  const tell = (dialog: Dialog, type: OkEventType, body: () => object): void => {
    if (dialog.group.network === 'ok') publish({ group: dialog.group, type, chatId: dialog.peerId, body: body() });
  };
  world.on('said', (message) => tell(message.dialog, 'MESSAGE_CREATED', () => okMessageCreated(message)));
  world.on('pressed', ({ dialog, shownBy, payload, callbackId, time }) =>
    tell(dialog, 'MESSAGE_CALLBACK', () => ({
      webhookType: 'MESSAGE_CALLBACK',
      ...headOf(dialog),
      payload,
      callbackId,
      ...(shownBy === null ? {} : { mid: shownBy.networkId }),
      timestamp: time,
    })),
  );
  world.on('started', ({ dialog, payload, time }) =>
    tell(dialog, 'CHAT_SYSTEM', () => ({
      webhookType: 'CHAT_SYSTEM',
      type: 'CHAT_STARTED',
      ...headOf(dialog),
      ...(payload === null ? {} : { payload }),
      timestamp: time,
    })),
  );
}
