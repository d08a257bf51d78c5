import type { Person } from '../../world/world.ts';
import { refuse, respond } from '../ok-errors.ts';
import { bareId } from '../ok-ids.ts';
import { ageOf, profileOf } from './profiles.ts';
import { pickFields, type RestCall, type RestMethod, type RestMethods, required, requiredIds } from './rest-method.ts';

const USERS_MAX = 100;

/** Field names of users.getInfo; those of pictures all lead to the same drawn one. */
function userOf(person: Person, { world, origin, given }: RestCall): object {
  const profile = profileOf(person, world.clock.now());
  const picture = `${origin}/ok/pictures/${person.okId}`;
  const whole = {
    uid: person.okId,
    first_name: person.firstName,
    last_name: person.lastName,
    name: `${person.firstName} ${person.lastName}`,
    gender: profile.gender,
    birthday: profile.birthday,
    age: ageOf(profile, world.clock.now()),
    locale: 'ru',
    location: {
      city: profile.city,
      country: profile.country.code,
      countryCode: profile.country.code,
      countryName: profile.country.name,
    },
    has_email: profile.hasEmail,
    online: world.presence.isOnline(person) ? 'WEB' : undefined,
    pic_1: picture,
    pic_2: picture,
    pic_3: picture,
    pic50x50: picture,
    pic128x128: picture,
    pic190x190: picture,
    pic_full: picture,
    url_profile: `https://ok.ru/profile/${person.okId}`,
  };
  return pickFields(whole, given['fields'], 'uid');
}

const getCurrentUser: RestMethod = {
  session: 'required',
  scope: null,
  run: (call) => respond(call.session === null ? null : userOf(call.session.person, call)),
};

/** A bare text, no object. */
const getLoggedInUser: RestMethod = {
  session: 'required',
  scope: null,
  run: ({ session }) => respond(session?.person.okId ?? null),
};

/** Accounts that do not exist are left out, as nothing says otherwise. */
const getInfo: RestMethod = {
  session: 'optional',
  scope: 'VALUABLE_ACCESS',
  run(call) {
    const read = requiredIds(call.given, 'uids', USERS_MAX);
    if (!read.ok) return read;
    return respond(read.ids.flatMap((id) => call.world.people.byId('ok', id) ?? []).map((person) => userOf(person, call)));
  },
};

const isAppUser: RestMethod = {
  session: 'optional',
  scope: 'VALUABLE_ACCESS',
  run({ given, world, session }) {
    const person = given['uid'] === undefined ? session?.person : world.people.byId('ok', bareId(given['uid']));
    if (person === undefined) return refuse('PARAM', 'Missing required parameter uid');
    return person === null ? refuse('PARAM_USER_ID', 'Invalid user id') : respond(person.behaviour.launchedOkApplication);
  },
};

/**
 * `uid` and a session are both optional, and no right is needed: apiok.ru/en/dev/methods/rest/users/users.getCallsLeft. [?] For
 * nobody in particular it tells what anybody has who was not called for yet; `callsLeft` of a method without a quota is null.
 */
const getCallsLeft: RestMethod = {
  session: 'optional',
  scope: null,
  run({ given, world, session, network }) {
    const { uid } = given;
    const person = uid === undefined ? (session?.person ?? null) : world.people.byId('ok', bareId(uid));
    if (uid !== undefined && person?.okId == null) return refuse('PARAM_USER_ID', 'Invalid user id');
    const methods = required(given, 'methods');
    if (!methods.ok) return methods;
    const userId = person?.okId ?? null;
    return respond(
      methods.value.split(',').map((name) => {
        const callsLeft = network.quotas.left(name.trim(), userId);
        return { available: callsLeft !== 0, callsLeft, name: name.trim() };
      }),
    );
  },
};

/** Everybody of the demo world is everybody's friend; whoever has only a phone for load has none. */
const getFriends: RestMethod = {
  session: 'required',
  scope: 'VALUABLE_ACCESS',
  run({ given, world, session }) {
    const person = given['uid'] === undefined ? session?.person : world.people.byId('ok', bareId(given['uid']));
    if (person === null || person === undefined) return refuse('PARAM_USER_ID', 'Invalid user id');
    const named = world.people.named().filter(({ okId }) => okId !== null);
    const friends = named.includes(person) ? named.filter((other) => other !== person).map(({ okId }) => okId) : [];
    const { fid } = given;
    return respond(fid === undefined ? friends : friends.filter((id) => id === bareId(fid)));
  },
};

/** Source: contracts/ok.md 2.3, 5.4 and the pages named there. */
export const USER_METHODS: RestMethods = {
  'users.getCurrentUser': getCurrentUser,
  'users.getLoggedInUser': getLoggedInUser,
  'users.getInfo': getInfo,
  'users.isAppUser': isAppUser,
  'users.getCallsLeft': getCallsLeft,
  'friends.get': getFriends,
};
