import { someone } from '../town.ts';

/** A queue of the load: one sender on one network. */
export interface LoadLane {
  service: string;
  route: 'VK' | 'OK';
  /** Whether the network takes a key by which it knows a repeat. Without one, a call that got no answer may come twice. */
  isKeyed: boolean;
}

/** What customers write: to whom, and how much. */
export interface LoadShape {
  /** A request holds a message of each. */
  lanes: readonly LoadLane[];
  messagesPerSecond: number;
  /** Then it ends: nobody would remember more. */
  requestsMax: number;
  /** The phone of the message of that number. One person hears of one lane alone. */
  phoneOf(message: number): string;
  /** Where what came is read: in everybody's inbox, or, of very many, in the list that the upstream of the simulator keeps. */
  readFrom: 'inboxes' | 'arrivals';
}

/** So many groups of the upstream, all written to at once. */
export interface ManyGroups {
  groups: number;
  messagesPerSecond: number;
  /** How many hear of them, in turn. */
  people?: number;
}

/** Of the demo world: VK knows `random_id`, OK Graph knows nothing of the kind. */
const COMMUNITIES = 'Community';
const UPSTREAM_SENDERS = 4;
/** Their groups are in the simulator's load range; made by prepare.ts. */
export const senderOf = (index: number): string => `Load_${index}`;

const TEN_LANES: readonly LoadLane[] = [
  ...Array.from({ length: UPSTREAM_SENDERS }, (_, index): LoadLane[] => [
    { service: senderOf(index), route: 'VK', isKeyed: true },
    { service: senderOf(index), route: 'OK', isKeyed: true },
  ]).flat(),
  { service: COMMUNITIES, route: 'VK', isKeyed: true },
  { service: COMMUNITIES, route: 'OK', isKeyed: false },
];

/** The usual load: senders by the upstream on both networks and by communities, a person for each message. */
export const TEN_QUEUES: LoadShape = {
  lanes: TEN_LANES,
  messagesPerSecond: 120,
  requestsMax: 2_000, // people who can be written to by a community as well
  phoneOf: someone,
  readFrom: 'inboxes',
};

/** Its people must be known by their ids on the network. */
export const isByCommunity = ({ service }: LoadLane): boolean => service === COMMUNITIES;

/** When and for whom it took each is what the simulator keeps of so many. */
export const MESSAGES_MAX = 3_000_000;
/** Four each: nobody may get more than five a day. */
const PEOPLE = MESSAGES_MAX / 4;

/** Senders by the upstream alone, to VK; each person hears from one of them, again after everybody else has. */
export function shapeOf({ groups, messagesPerSecond, people = PEOPLE }: ManyGroups): LoadShape {
  const rounded = people - (people % groups);
  return {
    lanes: Array.from({ length: groups }, (_, index) => ({ service: senderOf(index), route: 'VK', isKeyed: true })),
    messagesPerSecond,
    requestsMax: Math.floor(MESSAGES_MAX / groups),
    phoneOf: (message) => someone(message % rounded),
    readFrom: 'arrivals',
  };
}

/** For a person: `700/s in 100 groups`. */
export function loadText(load: ManyGroups | undefined): string {
  if (load === undefined) return `${TEN_QUEUES.messagesPerSecond}/s in ${TEN_LANES.length} queues`;
  return `${load.messagesPerSecond}/s in ${load.groups} groups`;
}

/** How many senders by the upstream it needs. */
export const sendersOf = (load: ManyGroups | undefined): number => load?.groups ?? UPSTREAM_SENDERS;

/** The request of that number: one message of each lane. The customer wants to hear of them at `callbackUrl`. */
export function requestOf(
  { lanes, phoneOf }: LoadShape,
  index: number,
  callbackUrl: string,
): { messages: readonly { lane: LoadLane; phone: string }[]; json: string } {
  const messages = lanes.map((lane, place) => ({ lane, phone: phoneOf(index * lanes.length + place) }));
  const body = messages.map(({ phone, lane: { service, route } }) => ({
    ...{ phone, service, routes: [route], templateId: 4, status_url: callbackUrl },
    tmpl_data: { name: 'Анна', pizza: `Маргарита ${index}` },
  }));
  return { messages, json: JSON.stringify(body) };
}
