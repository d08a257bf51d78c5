import { AppError } from '../platform/errors.ts';
import type { BotRoutesParts } from './bot-routes.ts';

/** For tests of other matters: an account without bots. */
export function noBots(): BotRoutesParts['bots'] {
  const none = async (): Promise<never> => {
    throw new AppError('not.found', 'this account has no such bot');
  };
  return {
    library: {
      list: async () => [],
      get: async () => null,
      add: none,
      change: none,
      remove: async () => false,
      versions: async () => [],
      version: async () => null,
      addVersion: none,
      publish: none,
    },
    try: none,
    phrases: async () => [],
    traces: async () => [],
  };
}
