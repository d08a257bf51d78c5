import type { Message, Person, World } from '../../world/world.ts';
import { APPLICATION_SENDER } from '../application.ts';
import { type Refused, refuse, respond } from '../ok-errors.ts';
import { readAudience } from './audience.ts';
import { ageOf, profileOf } from './profiles.ts';
import { type RestMethod, type RestMethods, required } from './rest-method.ts';

/** Source: contracts/ok.md 5.2. */
export const MASS = { charactersMax: 200, publicAtOnceMax: 5, perDayMax: 30, daysAheadMax: 14 } as const;

const DAY_MS = 86_400_000;
const STATUSES: Readonly<Record<string, 'public' | 'admins'>> = {
  PUBLIC: 'public',
  P: 'public',
  ADMINS_ONLY: 'admins',
  A: 'admins',
};
/** Who manages the demo application: Anna. */
const ADMIN_PHONES: readonly string[] = ['79999999999'];

interface MassNotification {
  readonly status: 'public' | 'admins';
  readonly startedMono: number;
  readonly messages: readonly Message[];
  isOver: boolean;
}

/** The mass notifications of the application. */
export interface MassNotifications {
  /** Null where 30 were started within a day. */
  start(mass: {
    text: string;
    status: 'public' | 'admins';
    expiresAt: number;
    mark: string | undefined;
    people: readonly Person[];
  }): number | null;
  /** Takes it out of sight; false where there is none that is in it. */
  stop(id: number): boolean;
  reset(): void;
}

export function createMassNotifications(world: World): MassNotifications {
  let all = new Map<number, MassNotification>();
  let lastId = 0;
  const hide = (mass: MassNotification): void => {
    mass.isOver = true;
    for (const message of mass.messages) if (!message.deleted) world.delete(message);
  };
  return {
    start({ text, status, expiresAt, mark, people }) {
      const mono = world.clock.monotonic();
      const today = [...all.values()].filter(({ startedMono }) => mono - startedMono < DAY_MS);
      if (today.length >= MASS.perDayMax) return null;
      const shown = [...all.values()].filter((mass) => mass.status === 'public' && !mass.isOver);
      if (status === 'public' && shown[0] !== undefined && shown.length >= MASS.publicAtOnceMax) hide(shown[0]);
      lastId += 1;
      const messages = people.flatMap((person) => {
        const extra = mark === undefined ? {} : { custom_args: mark };
        const sent = world.send(APPLICATION_SENDER, person, { kind: 'notification', text: fillIn(text, person, world), extra });
        return sent.ok ? [sent.message] : [];
      });
      const mass: MassNotification = { status, startedMono: mono, messages, isOver: false };
      const ofNow = all.set(lastId, mass);
      world.clock.schedule(() => {
        if (all === ofNow && !mass.isOver) hide(mass); // else the world was reset meanwhile
      }, expiresAt - world.clock.now());
      return lastId;
    },
    stop(id) {
      const mass = all.get(id);
      if (mass === undefined || mass.isOver) return false;
      hide(mass);
      return true;
    },
    reset() {
      all = new Map();
    },
  };
}

/** Fills in the placeholders that OK knows, such as that of the first name; others stay as they are. */
function fillIn(text: string, person: Person, world: World): string {
  const now = world.clock.now();
  const values: Readonly<Record<string, string>> = {
    'first-name': person.firstName,
    'last-name': person.lastName,
    'full-name': `${person.firstName} ${person.lastName}`,
    age: String(ageOf(profileOf(person, now), now)),
  };
  return text.replace(/\$\{user\.([a-z-]+)\}/g, (whole, name: string) => values[name] ?? whole);
}

/** `yyyy.MM.dd HH:mm` in Moscow's time, less than 14 days ahead. */
function readExpires(text: string, now: number): { ok: true; expiresAt: number } | Refused {
  const [, date = '', time = ''] = /^(\d{4}\.\d\d\.\d\d) (\d\d:\d\d)$/.exec(text) ?? [];
  const expiresAt = Date.parse(`${date.replaceAll('.', '-')}T${time}:00+03:00`);
  if (Number.isNaN(expiresAt)) return refuse('PARAM', 'expires should be yyyy.MM.dd HH:mm of Moscow');
  const isAhead = expiresAt > now && expiresAt < now + MASS.daysAheadMax * DAY_MS;
  return isAhead ? { ok: true, expiresAt } : refuse('PARAM', `expires should lie ahead, by less than ${MASS.daysAheadMax} days`);
}

/** [?] The answer is not documented; here it is the bare id that stopSendMass takes. */
const sendMass: RestMethod = {
  session: 'optional',
  scope: 'VALUABLE_ACCESS',
  run({ given, world, network }) {
    const text = required(given, 'text');
    if (!text.ok) return text;
    if ([...text.value].length > MASS.charactersMax)
      return refuse('PARAM', `text is longer than ${MASS.charactersMax} characters`);
    const expires = required(given, 'expires');
    if (!expires.ok) return expires;
    const end = readExpires(expires.value, world.clock.now());
    if (!end.ok) return end;
    const status = STATUSES[(given['status'] ?? 'PUBLIC').toUpperCase()];
    if (status === undefined) return refuse('PARAM', `status should be one of ${Object.keys(STATUSES).join(', ')}`);
    const audience = readAudience(given);
    if (!audience.ok) return audience;
    const now = world.clock.now();
    const people = world.people
      .named()
      .filter((person) => person.okId !== null && person.behaviour.launchedOkApplication)
      .filter(({ phone }) => status === 'public' || ADMIN_PHONES.includes(phone))
      .filter((person) => audience.isFor(profileOf(person, now), now));
    const id = network.massNotifications.start({
      text: text.value,
      status,
      people,
      mark: given['mark'],
      expiresAt: end.expiresAt,
    });
    return id === null
      ? refuse('TOTAL_LIMIT_REACHED', `The application has started ${MASS.perDayMax} within a day`)
      : respond(id);
  },
};

const stopSendMass: RestMethod = {
  session: 'optional',
  scope: 'VALUABLE_ACCESS',
  run({ given, network }) {
    const id = required(given, 'id');
    if (!id.ok) return id;
    return network.massNotifications.stop(Number(id.value))
      ? respond(true)
      : refuse('NOT_FOUND', 'There is no such notification');
  },
};

/** Source: contracts/ok.md 5.2. */
export const MASS_METHODS: RestMethods = {
  'notifications.sendMass': sendMass,
  'notifications.stopSendMass': stopSendMass,
};
