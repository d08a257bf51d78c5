import type { Operators } from '../operators/operators.ts';
import { AppError } from '../platform/errors.ts';

/** For tests of other matters: an account in which nobody works and nobody logs in. */
export function nobody(): Operators {
  const none = async (): Promise<never> => {
    throw new AppError('not.found', 'nobody works in this account');
  };
  return {
    staff: {
      add: none,
      insert: none,
      list: async () => [],
      get: async () => null,
      byLogin: async () => null,
      change: none,
      remove: none,
      setPassword: none,
      policy: async () => ({ secondFactorRequired: false }),
      setPolicy: async () => {},
    },
    teams: { list: async () => [], add: none, change: none, remove: none },
    sessions: {
      open: none,
      find: async () => null,
      list: async () => [],
      end: async () => 0,
      logOut: async () => 0,
      refresh: () => {},
    },
    login: {
      withPassword: async () => ({ kind: 'refused' }),
      withCode: async () => ({ kind: 'refused' }),
      asOperator: async () => null,
      isPasswordOf: async () => false,
    },
    secondFactor: { begin: none, confirm: async () => null, use: async () => false, remove: async () => {} },
    invitations: { add: none, list: async () => [], remove: none, accept: none },
    pairings: { add: none, get: async () => null, redeem: none },
    networkLogin: {
      networks: () => [],
      leave: none,
      comeBack: async () => ({ kind: 'stranger', returnTo: '/' }),
      linked: async () => [],
      unlink: none,
    },
  };
}
