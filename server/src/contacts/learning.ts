import type { Queryable } from '../platform/database.ts';
import { gatheredOne, inOrderAsked } from '../platform/gathered.ts';
import { CONTACT_LIMITS, type Variables } from './directory.ts';

/** A person as a bot sees them. */
export interface KnownPerson {
  name: string | null;
  phone: string | null;
  variables: Variables;
  labels: readonly string[];
}

/** What is learnt of a person in passing; what is not named stays. */
export interface Learnt {
  variables: Variables;
  addLabels: readonly string[];
  removeLabels: readonly string[];
}

const SQL = {
  know: {
    name: 'contact_know',
    text: `
      select asked.position::int, c.*
      from unnest($1::bigint[], $2::bigint[]) with ordinality as asked(account_id, contact_id, position)
      cross join lateral (
        select name, phone, variables, labels
        from contact
        where account_id = asked.account_id
          and id = (select coalesce(merged_into, id) from contact where account_id = asked.account_id and id = asked.contact_id)
        limit 1
      ) as c`,
  },
  learn: {
    name: 'contact_learn',
    text: `
      with next as (
        select
          c.id, c.variables || $3::jsonb as variables,
          array(
            select label from unnest(c.labels || $4::text[]) with ordinality as l(label, n)
            where label <> all($5::text[])
            group by label
            order by min(n)
          ) as labels
        from contact as c
        where c.account_id = $1 and c.id = (select coalesce(merged_into, id) from contact where account_id = $1 and id = $2)
        for update
      )
      update contact as c set variables = next.variables, labels = next.labels
      from next
      where c.id = next.id
        and length(next.variables::text) <= ${CONTACT_LIMITS.variablesCharacters}
        and (select count(*) from jsonb_object_keys(next.variables)) <= ${CONTACT_LIMITS.variables}
        and cardinality(next.labels) <= ${CONTACT_LIMITS.labels}`,
  },
} as const;

const knowPeople = gatheredOne(async (tx: Queryable, asked: readonly { accountId: number; contactId: number }[]) => {
  const rows = await tx.rows<KnownPerson & { position: number }>(SQL.know, [
    asked.map(({ accountId }) => accountId),
    asked.map(({ contactId }) => contactId),
  ]);
  return inOrderAsked<KnownPerson>(rows, asked.length);
});

/** See Contacts.know. */
export function knowPerson(tx: Queryable, accountId: number, contactId: number): Promise<KnownPerson | null> {
  return knowPeople(tx, { accountId, contactId });
}

/** See Contacts.learn. */
export async function learnOfPerson(
  tx: Queryable,
  accountId: number,
  contactId: number,
  { variables, addLabels, removeLabels }: Learnt,
): Promise<boolean> {
  const named = Object.entries(variables).filter(([name]) => name !== '' && name.length <= CONTACT_LIMITS.variableNameCharacters);
  const labels = addLabels
    .map((label) => label.trim())
    .filter((label) => label !== '' && label.length <= CONTACT_LIMITS.labelCharacters);
  const fits = named.length === Object.keys(variables).length && labels.length === addLabels.length;
  const values = JSON.stringify(Object.fromEntries(named)).replaceAll('\\u0000', '');
  return (await tx.run(SQL.learn, [accountId, contactId, values, labels, removeLabels])) === 1 && fits;
}
