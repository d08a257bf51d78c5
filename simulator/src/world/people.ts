import type { Network } from './groups.ts';

/** How a person behaves; it never changes, unlike what they have allowed or read. */
export interface Behaviour {
  /** From the network's taking of a message to the person's device; null: never online. */
  deliveredAfterMs: number | null;
  /** From delivery to reading; null: never reads by themselves. */
  readsAfterMs: number | null;
  /** Used the mobile app within the last 7 days (`mobile_device_required`). */
  mobileApp: boolean;
  /** Their number was checked for relevance (`verified_phone_number`). */
  phoneVerified: boolean;
  /** Launched the OK application within 14 days (ok.md 5.1). */
  launchedOkApplication: boolean;
  /** What every group may do until the person changes it. */
  permissions: { vk: 'allowed' | 'blocked'; ok: 'allowed' | 'blocked' };
}

export interface Person {
  /** Digits of E.164 without plus. */
  readonly phone: string;
  readonly firstName: string;
  readonly lastName: string;
  /** Null where the person has no account on that network. */
  readonly vkId: number | null;
  /** Digits, without `user:`. */
  readonly okId: string | null;
  readonly behaviour: Behaviour;
}

const USUAL: Behaviour = {
  deliveredAfterMs: 100, // long enough for SENT and DELIVERED to be seen as two steps
  readsAfterMs: null,
  mobileApp: true,
  phoneVerified: true,
  launchedOkApplication: false,
  permissions: { vk: 'allowed', ok: 'allowed' },
};

/** The demo world's people. The issue fixes phones, ids and behaviour of the first three; the other ids are ours. */
const NAMED: readonly Person[] = [
  {
    phone: '79999999999',
    firstName: 'Анна',
    lastName: 'Белова',
    vkId: 37_119_444,
    okId: '123456789012',
    behaviour: { ...USUAL, readsAfterMs: 2_000, launchedOkApplication: true },
  },
  {
    phone: '79990000001',
    firstName: 'Борис',
    lastName: 'Орлов',
    vkId: null,
    okId: '123456789013',
    behaviour: { ...USUAL, launchedOkApplication: true },
  },
  {
    phone: '79990000002',
    firstName: 'Вера',
    lastName: 'Зимина',
    vkId: 37_119_446,
    okId: null,
    behaviour: { ...USUAL, permissions: { vk: 'blocked', ok: 'allowed' } },
  },
  {
    phone: '79990000003',
    firstName: 'Глеб',
    lastName: 'Соколов',
    vkId: 37_119_447,
    okId: '123456789015',
    behaviour: { ...USUAL, deliveredAfterMs: null },
  },
  { phone: '79990000004', firstName: 'Дина', lastName: 'Ким', vkId: 37_119_448, okId: '123456789016', behaviour: USUAL },
  {
    phone: '79990000005',
    firstName: 'Егор',
    lastName: 'Ларин',
    vkId: 37_119_449,
    okId: '123456789017',
    behaviour: { ...USUAL, mobileApp: false },
  },
  {
    phone: '79990000006',
    firstName: 'Зоя',
    lastName: 'Громова',
    vkId: 37_119_450,
    okId: '123456789018',
    behaviour: { ...USUAL, phoneVerified: false },
  },
];

// For load: 10,000,000 phones that exist on both networks. Their ids follow from the phone and lead back to it.
const LOAD_PREFIX = '7998';
const LOAD_PEOPLE = 10_000_000;
const LOAD_FIRST_VK_ID = 500_000_000;
const LOAD_FIRST_OK_ID = 580_000_000_000;
const AT_ONCE: Behaviour = { ...USUAL, deliveredAfterMs: 0 };

function loadPerson(n: number): Person | null {
  if (!Number.isInteger(n) || n < 0 || n >= LOAD_PEOPLE) return null;
  const digits = String(n).padStart(7, '0');
  return {
    phone: LOAD_PREFIX + digits,
    firstName: 'Гость',
    lastName: digits,
    vkId: LOAD_FIRST_VK_ID + n,
    okId: String(LOAD_FIRST_OK_ID + n),
    behaviour: AT_ONCE,
  };
}

/**
 * Everybody in the world: the seven of the demo, and whoever has a phone 7998xxxxxxx (VK id 500000000+xxxxxxx, OK id
 * 580000000000+xxxxxxx), made when first asked for.
 */
export interface People {
  byPhone(phone: string): Person | null;
  /** `id` is the network's, digits only. */
  byId(network: Network, id: string): Person | null;
  /** The seven of the demo first, then those met, in the order of meeting. */
  known(): Person[];
  /** The seven of the demo. */
  named(): readonly Person[];
}

export function createPeople(): People {
  const byPhone = new Map<string, Person>(NAMED.map((person) => [person.phone, person]));
  const namedById = { vk: new Map<string, Person>(), ok: new Map<string, Person>() };
  for (const person of NAMED) {
    if (person.vkId !== null) namedById.vk.set(String(person.vkId), person);
    if (person.okId !== null) namedById.ok.set(person.okId, person);
  }
  const meet = (n: number): Person | null => {
    const met = byPhone.get(LOAD_PREFIX + String(n).padStart(7, '0'));
    if (met !== undefined) return met;
    const person = loadPerson(n);
    if (person !== null) byPhone.set(person.phone, person);
    return person;
  };
  return {
    byPhone: (phone) => byPhone.get(phone) ?? (/^7998\d{7}$/.test(phone) ? meet(Number(phone.slice(4))) : null),
    byId(network, id) {
      const named = namedById[network].get(id);
      if (named !== undefined) return named;
      if (!/^\d{9,12}$/.test(id)) return null;
      return meet(Number(id) - (network === 'vk' ? LOAD_FIRST_VK_ID : LOAD_FIRST_OK_ID));
    },
    known: () => [...byPhone.values()],
    named: () => NAMED,
  };
}
