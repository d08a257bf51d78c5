import type { Contacts } from '../contacts/contacts.ts';
import { AppError } from '../platform/errors.ts';
import type { ContactRoutesParts } from './contact-routes.ts';

/** For tests of other matters: an account that knows nobody. */
export function knowsNobody(): ContactRoutesParts['contacts'] & Pick<Contacts, 'segments'> {
  const none = async (): Promise<never> => {
    throw new AppError('not.found', 'this account knows nobody');
  };
  return {
    list: async () => [],
    get: async () => null,
    add: none,
    change: none,
    importCsv: none,
    setConsent: none,
    consentLog: async () => [],
    merge: none,
    merges: async () => [],
    unmerge: none,
    segments: {
      list: async () => [],
      get: async () => null,
      add: none,
      change: none,
      remove: async () => false,
      size: async () => ({ contacts: 0, sample: [] }),
      page: async () => [],
    },
  };
}
