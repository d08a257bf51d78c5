import { AppError } from '../platform/errors.ts';
import type { PushRoutesParts } from './push-routes.ts';

/** For tests of other matters: no device is told of anything. */
export function nobodyIsTold(): PushRoutesParts['push'] {
  const none = async (): Promise<never> => {
    throw new AppError('not.found', 'nobody has a device here');
  };
  return {
    publicKey: async () => 'key',
    kinds: () => ['web'],
    subscribe: none,
    list: async () => [],
    unsubscribe: async () => false,
    test: none,
  };
}
