import type { Network } from './groups.ts';
import type { Person } from './people.ts';

/** What a person gives away by a button that asks for it, or of themselves. */
export type Shared = { kind: 'contact' } | { kind: 'location'; latitude: number; longitude: number };

/** Where everybody in the world is, unless they say otherwise: the middle of Moscow. */
export const USUAL_PLACE: Shared = { kind: 'location', latitude: 55.7522, longitude: 37.6156 };

/**
 * How a message carries it (`extra` of the message). OK: attachments, contracts/ok.md 3.4; [?] the form of the phone in them is not
 * documented, here it is digits. VK: `geo`, contracts/vk.md 1.4; VK has nothing for contacts, so theirs is empty.
 */
export function extraOf(shared: Shared, network: Network, person: Person): Record<string, unknown> {
  if (shared.kind === 'contact') {
    const payload = { name: `${person.firstName} ${person.lastName}`, phone: person.phone };
    return network === 'ok' ? { attachments: [{ type: 'CONTACT', payload }] } : {};
  }
  const { latitude, longitude } = shared;
  return network === 'ok'
    ? { attachments: [{ type: 'LOCATION', payload: { latitude, longitude, zoom: 15 } }] }
    : { geo: { type: 'point', coordinates: { latitude, longitude } } };
}
