import { type InboundEvent, parseJson } from '@soroka/channels';
import type { Transaction } from '../platform/database.ts';
import { createHappenings, type HappeningsParts } from './happenings.ts';
import { createPlaces, type Later, type Place, type Placed, type PlacesParts } from './places.ts';
import type { BodyForm } from './raw-events.ts';
import { createSubscribers, type SubscribersParts } from './subscribers.ts';
import { createTags } from './tags.ts';
import { eventsOf } from './understand.ts';
import { createHearing, type WordsParts } from './words.ts';

/** A stored body on its way through the inbox. */
export interface RawEvent {
  id: number;
  accountId: number;
  connectionId: number;
  form: Exclude<BodyForm, 'notify-statuses'>;
  /** Empty where it is not known. */
  groupId: string;
  dedupKey: string;
  body: Buffer;
  receivedAt: Date;
  tries: number;
}

type Made = 'places' | 'tags';
export type IncomingParts = Omit<
  PlacesParts & WordsParts & HappeningsParts & SubscribersParts & Parameters<typeof createTags>[0],
  Made
>;

/** Something that befell a dialog; others are kept and shown, or say only what a person allows. */
type Asking = Exclude<InboundEvent, { kind: 'other' | 'permission' }>;

export interface Incoming {
  /**
   * Does everything that one stored body asks for, in the given transaction, where several may be under way; or says when to try again, having written
   * nothing but what it waits for. Throws `BrokenBodyError` or `SyntaxError` for a body that will never be understood.
   */
  workOff(tx: Transaction, raw: RawEvent): Promise<Later | null>;
}

export function createIncoming(parts: IncomingParts): Incoming {
  const places = createPlaces(parts);
  const tags = createTags(parts);
  const hear = createHearing({ ...parts, places, tags });
  const happenings = createHappenings({ ...parts, places });
  const subscribers = createSubscribers({ ...parts, places });

  const workOffIn = async (tx: Transaction, raw: RawEvent, event: Placed<Asking>, place: Place, json: unknown): Promise<void> => {
    switch (event.kind) {
      case 'message':
      case 'started':
      case 'button':
        await hear(tx, raw, event, place, json);
        return subscribers.heard(tx, raw, event, place);
      case 'written-elsewhere':
        return happenings['written-elsewhere'](tx, raw, event, place);
      case 'edited':
        return happenings.edited(tx, raw, event, place);
      case 'chat':
        return happenings.chat(tx, raw, event, place);
      case 'read':
        return happenings.read(tx, raw, event, place);
    }
  };

  const workOffOne = async (tx: Transaction, raw: RawEvent, event: InboundEvent, json: unknown): Promise<Later | null> => {
    if (event.kind === 'other') return null;
    if (event.kind === 'permission') {
      if (event.groupId !== null) await subscribers.permitted(tx, raw, { ...event, groupId: event.groupId });
      return null;
    }
    const placed = { ...event, groupId: event.groupId ?? (await tags.groupOf(tx, raw, event)) };
    const place = await places.of(tx, raw, placed);
    if ('until' in place) return place;
    await workOffIn(tx, raw, placed, place, json);
    return null;
  };

  return {
    async workOff(tx, raw) {
      const json = parseJson(raw.body.toString('utf8'));
      const groupId = raw.groupId === '' ? null : raw.groupId;
      try {
        // Intake stores each event of a batch by itself: a body here holds one.
        for (const event of eventsOf(raw.form, json, groupId, raw.receivedAt)) {
          const later = await workOffOne(tx, raw, event, json);
          if (later !== null) return later;
        }
        return null;
      } finally {
        places.leave(raw);
      }
    },
  };
}
