import type { Contacts } from '../contacts/contacts.ts';
import { AppError } from '../platform/errors.ts';
import type { BroadcastRoutesParts } from './broadcast-routes.ts';
import type { ContactRoutesParts } from './contact-routes.ts';

/** For tests of other matters: an account that knows nobody. */
export function knowsNobody(): ContactRoutesParts['contacts'] & Pick<Contacts, 'segments' | 'ensurePhones'> {
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
    ensurePhones: async () => [],
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

/** The same without broadcasts. */
export function tellsNobody(): BroadcastRoutesParts['broadcasts'] {
  const none = async (): Promise<never> => {
    throw new AppError('not.found', 'this account tells nobody anything');
  };
  return {
    ...{
      add: none,
      list: async () => [],
      get: async () => null,
      change: none,
      remove: none,
      preview: none,
      test: none,
      start: none,
    },
    ...{ pause: none, resume: none, stop: none, choose: none, report: none, recipients: none, follow: async () => null },
  };
}
