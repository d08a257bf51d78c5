import type { NewBroadcastMessage } from '../dispatch/dispatch.ts';
import { type LinkBase, personal, valuesFor } from './content.ts';
import type { ByPhone } from './hand-over.ts';
import { keyOf } from './keys.ts';
import type { Pictures } from './pictures.ts';
import type { BroadcastPlan } from './plan.ts';
import { chooseWay, dueOf, isInReplyWindow, type Person, type Quiet, type Reason, type Standing, windowsOf } from './reach.ts';

/** Somebody whose turn it is. */
export interface Turn {
  person: Person;
  variant: number;
  /** The way by which they were given to dispatch before a stop: no other may be taken. */
  heldWay?: number;
}

export interface AllotContext {
  plan: BroadcastPlan;
  base: LinkBase;
  now: number;
  /** Nobody gets it later. */
  endsAt: number;
  quiet: Quiet | null;
  /** By way: how many messages its line still takes, and how long one may be. */
  rooms: readonly number[];
  textCharactersMax: readonly number[];
  /** By way: of its template; null where the way has none. */
  templateVariables: readonly (readonly string[] | null)[];
  pictures: Pictures;
}

export interface Allotment {
  excluded: { contactId: number; reason: Reason }[];
  postponed: { contactId: number; dueAt: number }[];
  /** By way. */
  messages: Map<number, { contactId: number; message: NewBroadcastMessage }[]>;
  byPhone: Map<number, ByPhone[]>;
}

const LINE_IS_FULL_MS = 1_000;
const MESSAGE_LIFE_MS = 86_400_000;

/** Says of each whose turn it is what becomes of them now. Pure. */
export function allot(context: AllotContext, turns: readonly Turn[]): Allotment {
  const allotment: Allotment = { excluded: [], postponed: [], messages: new Map(), byPhone: new Map() };
  const rooms = [...context.rooms];
  for (const turn of turns) {
    const { person, heldWay } = turn;
    const { contactId } = person;
    const choice = heldWay === undefined ? chooseWay(context.plan.ways, person, context.now) : { way: heldWay };
    if ('reason' in choice) {
      allotment.excluded.push({ contactId, reason: choice.reason });
      continue;
    }
    const windows = windowsOf(context.plan, context.quiet, person);
    const dueAt = dueOf(windows, context.now);
    const isFull = (rooms[choice.way] ?? 0) <= 0;
    if (dueAt >= context.endsAt) allotment.excluded.push({ contactId, reason: 'ended' });
    else if (dueAt > context.now) allotment.postponed.push({ contactId, dueAt });
    else if (isFull) allotment.postponed.push({ contactId, dueAt: context.now + LINE_IS_FULL_MS });
    else if (allotOne(context, allotment, turn, choice.way, windows)) rooms[choice.way] = (rooms[choice.way] ?? 0) - 1;
  }
  return allotment;
}

/** False where the person cannot get it after all. */
function allotOne(
  { plan, base, now, endsAt, templateVariables, textCharactersMax, pictures }: AllotContext,
  { excluded, messages, byPhone }: Allotment,
  { person, variant }: Turn,
  index: number,
  windows: NewBroadcastMessage['windows'],
): boolean {
  const { contactId, phone } = person;
  const way = plan.ways[index];
  if (way?.kind === 'template') {
    const values = phone === null ? null : valuesFor(templateVariables[index] ?? [], plan, person);
    if (values === null || phone === null) excluded.push({ contactId, reason: 'variable_missing' });
    else {
      const routes = person.byPhone[index]?.open ?? [];
      byPhone.set(index, [...(byPhone.get(index) ?? []), { person: { ...person, phone }, routes, values, windows }]);
    }
    return values !== null;
  }
  const content = personal(plan, variant, person, base, textCharactersMax[index] ?? 0);
  if ('reason' in content) {
    excluded.push({ contactId, reason: content.reason });
    return false;
  }
  const standing = person.byWay[index] as Standing;
  const attachments = pictures[index]?.[variant] ?? [];
  const message: NewBroadcastMessage = {
    ...content,
    ...(attachments.length > 0 && { attachments }),
    userId: standing.userId,
    clientMessageId: keyOf({ broadcastId: base.broadcastId, contactId }),
    // VK may refuse an intent that the person never agreed to, and asks for none within the day.
    ...(way?.intent !== undefined && !isInReplyWindow(standing, now) && { intent: way.intent }),
    windows,
    expiresAt: new Date(Math.min(endsAt, now + MESSAGE_LIFE_MS)),
  };
  messages.set(index, [...(messages.get(index) ?? []), { contactId, message }]);
  return true;
}
