import { someone } from '../town.ts';

/** A queue of the load: one sender on one network. */
export interface LoadLane {
  service: string;
  route: 'VK' | 'OK';
  /** Whether the network takes a key by which it knows a repeat. Without one, a call that got no answer may come twice. */
  isKeyed: boolean;
}

/** Their groups are in the simulator's load range; made by prepare.ts. */
export const NOTIFY_SENDERS = ['Load_0', 'Load_1', 'Load_2', 'Load_3'] as const;
/** Of the demo world: VK knows `random_id`, OK Graph knows nothing of the kind. */
const COMMUNITIES = 'Community';

export const LANES: readonly LoadLane[] = [
  ...NOTIFY_SENDERS.flatMap((service): LoadLane[] => [
    { service, route: 'VK', isKeyed: true },
    { service, route: 'OK', isKeyed: true },
  ]),
  { service: COMMUNITIES, route: 'VK', isKeyed: true },
  { service: COMMUNITIES, route: 'OK', isKeyed: false },
];

/** Its people must be known by their ids on the network. */
export const isByCommunity = ({ service }: LoadLane): boolean => service === COMMUNITIES;

/** People who can be written to by a community as well: each gets one message. */
export const REQUESTS_MAX = 2_000;

/** The request of that number: one message of each lane, each to a person of its own. */
export function requestOf(index: number): { messages: readonly { lane: LoadLane; phone: string }[]; json: string } {
  const messages = LANES.map((lane, place) => ({ lane, phone: someone(index * LANES.length + place) }));
  const body = messages.map(({ phone, lane: { service, route } }) => ({
    ...{ phone, service, routes: [route], templateId: 4 },
    tmpl_data: { name: 'Анна', pizza: `Маргарита ${index}` },
  }));
  return { messages, json: JSON.stringify(body) };
}
