import type { Contacts } from '../contacts/contacts.ts';
import type { Queryable } from '../platform/database.ts';
import type { Audience } from './plan.ts';

/** Ids of the contacts that a broadcast is for, above `afterId`, in their order. A segment that is gone means nobody. */
export async function pageOfAudience(
  { segments }: Pick<Contacts, 'segments'>,
  on: Queryable,
  accountId: number,
  audience: Audience,
  page: { afterId: number; limit: number },
): Promise<readonly number[]> {
  if ('contactIds' in audience) {
    const later = audience.contactIds.filter((id) => id > page.afterId).sort((a, b) => a - b);
    return [...new Set(later)].slice(0, page.limit);
  }
  const definition = 'segment' in audience ? audience.segment : (await segments.get(accountId, audience.segmentId))?.definition;
  return definition === undefined ? [] : segments.page(on, accountId, definition, page);
}
