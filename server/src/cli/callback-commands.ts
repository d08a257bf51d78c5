import { type Callbacks, createCallbacks } from '../callbacks/callbacks.ts';
import { systemClock } from '../platform/clock.ts';
import { createHttpClient } from '../platform/http-client.ts';
import { createLogger } from '../platform/telemetry.ts';
import { ACCOUNT_FLAG } from './account-commands.ts';
import { type Command, UsageError } from './command.ts';
import { integerArgument, integerFlag } from './values.ts';
import { openWorkplace, type Workplace } from './workplace.ts';

const KEEP_OLD_HOURS_DEFAULT = 24;
const KEEP_OLD_HOURS_MAX = 720;
const SHOWN_MAX = 1_000;

/** The room of callbacks for looking and mending: it delivers nothing here. */
async function withCallbacks<Result>(place: Workplace, work: (callbacks: Callbacks) => Promise<Result>): Promise<Result> {
  const httpClient = createHttpClient({ allowCidrs: [] });
  const { database, accounts } = place;
  const callbacks = createCallbacks({ database, accounts, httpClient, clock: systemClock, log: createLogger('silent') });
  return work(callbacks).finally(() => httpClient.close());
}

/** Where callbacks go and what signs them. */
export const CALLBACK_COMMANDS: readonly Command[] = [
  {
    name: 'endpoint list',
    summary: 'Show the hosts that callbacks go to, and how they fare.',
    flags: { account: ACCOUNT_FLAG },
    help: `
"working" answers. "failing" failed at the last call, "paused" at most of the latest: it is called again at "pausedUntil". "disabled"
has done nothing but fail for five days; its callbacks are parked until it is enabled.

  soroka endpoint list --account pizzeria`,
    async run(given, surroundings) {
      await using place = await openWorkplace(surroundings);
      const { id: accountId } = await place.account(given.flag('account'));
      const { items } = await withCallbacks(place, (callbacks) => callbacks.endpoints(accountId, { limit: SHOWN_MAX }));
      const columns = ['id', 'origin', 'state', 'failures', 'failingSince', 'pausedUntil', 'disabledAt', 'problem'];
      const time = (at: Date | null) => at?.toISOString() ?? null;
      const rows = items.map(({ id, origin, state, failures, failingSince, pausedUntil, disabledAt, problem }) => ({
        ...{ id, origin, state, failures, problem },
        ...{ failingSince: time(failingSince), pausedUntil: time(pausedUntil), disabledAt: time(disabledAt) },
      }));
      return { kind: 'list', columns, rows };
    },
  },
  {
    name: 'endpoint enable',
    summary: 'Have a disabled or paused host called again.',
    arguments: ['ID'],
    flags: {
      account: ACCOUNT_FLAG,
      replay: { meaning: 'Have its parked callbacks tried again, too: 10000 at a time.' },
    },
    help: `
"soroka endpoint list" shows the ids. Callbacks that were parked stay so unless --replay is given.

  soroka endpoint enable 3
  soroka endpoint enable 3 --replay`,
    async run(given, surroundings) {
      const endpointId = integerArgument(given, 0, 'ID');
      await using place = await openWorkplace(surroundings);
      const account = await place.account(given.flag('account'));
      return await withCallbacks(place, async (callbacks) => {
        const endpoint = await callbacks.enableEndpoint(account.id, endpointId);
        if (endpoint === null) throw new Error(`The account ${account.name} has no endpoint ${endpointId}.`);
        const enabled = `${endpoint.origin} is called again.`;
        if (given.flag('replay') === undefined) return { kind: 'done', sentence: enabled };
        const { replayed, isMore } = await callbacks.replayAll(account.id, { endpointId });
        const more = isMore ? ' There may be more: run it again.' : '';
        return { kind: 'done', sentence: `${enabled} Parked callbacks that wait again: ${replayed}.${more}` };
      });
    },
  },
  {
    name: 'callback-secret rotate',
    summary: 'Change the secret that signs callbacks, with a time in which both sign.',
    flags: {
      account: ACCOUNT_FLAG,
      'keep-old': {
        value: 'HOURS',
        meaning: `How long the old one signs too, up to ${KEEP_OLD_HOURS_MAX}; 0 ends it at once. Default: ${KEEP_OLD_HOURS_DEFAULT}.`,
      },
    },
    help: `
Give the new secret to the receiver before the old one ends. Into a pipe goes the secret alone.

  soroka callback-secret rotate --account pizzeria
  soroka callback-secret rotate --keep-old 0`,
    async run(given, surroundings) {
      const keepOldForHours = integerFlag(given, 'keep-old') ?? KEEP_OLD_HOURS_DEFAULT;
      if (keepOldForHours < 0 || keepOldForHours > KEEP_OLD_HOURS_MAX)
        throw new UsageError(`--keep-old must be from 0 to ${KEEP_OLD_HOURS_MAX}, not ${keepOldForHours}.`);
      await using place = await openWorkplace(surroundings);
      const account = await place.account(given.flag('account'));
      if (keepOldForHours > 0 && (await place.accounts.signingSecrets(account.id)).length > 1)
        throw new Error(
          'Two secrets sign already, and a third would end the older one: wait until it ends, or give --keep-old 0.',
        );
      const { callbackSecret } = await place.accounts.rotateCallbackSecret(account.id, { keepOldForHours });
      const old = keepOldForHours === 0 ? 'The old one signs no more.' : `The old one signs too for ${keepOldForHours} h.`;
      return {
        kind: 'value',
        value: callbackSecret,
        note: `It signs callbacks of ${account.name} from now on. ${old}`,
        fields: { account: account.name, callbackSecret, keepOldForHours },
      };
    },
  },
];
