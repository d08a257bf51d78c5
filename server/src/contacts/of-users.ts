import type { Queryable } from '../platform/database.ts';
import { gatheredOne, inOrderAsked } from '../platform/gathered.ts';
import { ensureByPhones } from './of-phones.ts';

/** A person of a network. */
export interface NetworkUser {
  accountId: number;
  network: 'vk' | 'ok';
  /** No prefix. */
  userId: string;
}

export interface PersonOfUser {
  contactId: number;
  name: string | null;
  phone: string | null;
}

/** Whose contact is wanted, and what the network told of them. */
export type WantedUser = NetworkUser & { name?: string; phone?: string };

const SQL = {
  ofUsers: {
    name: 'contact_of_users',
    text: `
      select asked.position::int, c.*
      from unnest($1::bigint[], $2::text[], $3::text[]) with ordinality as asked(account_id, network, user_id, position)
      cross join lateral (
        select c.id as "contactId", c.name, c.phone
        from identity as i
        join contact as c on c.id = i.contact_id
        where i.account_id = asked.account_id and i.network = asked.network and i.user_id = asked.user_id
        limit 1
      ) as c`,
  },
  // Held to the end of the transaction: two first words of one person must not make two contacts.
  lock: { name: 'contact_lock_user', text: 'select pg_advisory_xact_lock(hashtextextended($1, 0))' },
  insert: {
    name: 'contact_insert_named',
    text: 'insert into contact (account_id, name, source) values ($1, $2, $3) returning id',
  },
  givePhone: {
    name: 'contact_give_phone',
    text: `
      update contact set phone = $3
      where account_id = $1 and id = $2 and phone is null
        and not exists (select from contact where account_id = $1 and phone = $3)`,
  },
  nameIfUnknown: {
    name: 'contact_name_if_unknown',
    text: 'update contact set name = $3 where account_id = $1 and id = $2 and name is null',
  },
  setIdentity: {
    name: 'identity_set',
    text: `
      insert into identity (account_id, network, user_id, contact_id) values ($1, $2, $3, $4)
      on conflict (account_id, network, user_id) do update set contact_id = excluded.contact_id, created_at = now()`,
  },
} as const;

async function ofUsers(tx: Queryable, users: readonly NetworkUser[]): Promise<readonly (PersonOfUser | null)[]> {
  const rows = await tx.rows<PersonOfUser & { position: number }>(SQL.ofUsers, [
    users.map(({ accountId }) => accountId),
    users.map(({ network }) => network),
    users.map(({ userId }) => userId),
  ]);
  return inOrderAsked(rows, users.length);
}

const keyOf = ({ accountId, network, userId }: NetworkUser): string => `${accountId} ${network} ${userId}`;

const inOneOrder = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

const isKnown = (person: PersonOfUser | null, { name, phone }: WantedUser): person is PersonOfUser =>
  person !== null && (phone === undefined || person.phone === phone) && (name === undefined || person.name !== null);

/** Makes the contact, or learns what is new of it. */
async function makeOrLearn(tx: Queryable, user: WantedUser): Promise<PersonOfUser> {
  const { accountId, network, userId, name, phone } = user;
  await tx.rows(SQL.lock, [keyOf(user)]);
  let [person = null] = await ofUsers(tx, [user]);
  if (person === null && phone === undefined) {
    const [made] = await tx.rows<{ id: number }>(SQL.insert, [accountId, name ?? null, network]);
    await tx.run(SQL.setIdentity, [accountId, network, userId, (made as { id: number }).id]);
  } else if (phone !== undefined && person?.phone !== phone) {
    if (person === null || !(await givePhone(tx, accountId, person.contactId, phone))) {
      const owner = (await ensureByPhones(tx, accountId, [phone])).get(phone);
      await tx.run(SQL.setIdentity, [accountId, network, userId, owner]);
    }
  }
  [person] = (await ofUsers(tx, [user])) as [PersonOfUser];
  if (name === undefined || person.name !== null) return person;
  await tx.run(SQL.nameIfUnknown, [accountId, person.contactId, name]);
  return { ...person, name };
}

/** See Contacts.ensureByUser. */
export const ensureByUser = gatheredOne(async (tx: Queryable, users: readonly WantedUser[]): Promise<readonly PersonOfUser[]> => {
  const found = await ofUsers(tx, users);
  const people: PersonOfUser[] = [];
  // Those who are not known one after the other, as two of them may be the same person; in one order for everybody, as they are held.
  const inOrder = [...users.entries()].sort(([, a], [, b]) => inOneOrder(keyOf(a), keyOf(b)));
  for (const [index, user] of inOrder) {
    const person = found[index] ?? null;
    people[index] = isKnown(person, user) ? person : await makeOrLearn(tx, user);
  }
  return people;
});

/** False where the contact has a phone, or somebody else has this one. */
export async function givePhone(tx: Queryable, accountId: number, contactId: number, phone: string): Promise<boolean> {
  return (await tx.run(SQL.givePhone, [accountId, contactId, phone])) === 1;
}
