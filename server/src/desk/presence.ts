import type { Dialogs } from '../dialogs/dialogs.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';
import type { Asker } from './work.ts';

export type PresenceState = 'looking' | 'typing' | 'gone';

/** A colleague who has the dialog open. */
export interface Present {
  operatorId: number;
  state: Exclude<PresenceState, 'gone'>;
}

/** Who looks at which dialog. Never stored: it is told to all processes, and forgotten after seconds. */
export interface Presence {
  /** Said again every ten seconds by whoever has the dialog open. Returns the others. Throws `not.found`. */
  show(asker: Asker & { operatorId: number }, dialogId: number, state: PresenceState): Promise<readonly Present[]>;
  /** Hears what other processes are told. */
  run(): Promise<void>;
  stop(): Promise<void>;
}

/** How often a screen says it again. */
const AGAIN_MS = 10_000;
// One that was not heard is not yet gone.
const LIFE_MS = 2.5 * AGAIN_MS;
const DIALOGS_BEFORE_SWEEP = 1_000;
const CHANNEL = 'soroka_presence';
const TELL = { name: 'desk_presence_tell', text: `select pg_notify('${CHANNEL}', $1)` } as const;

type Notice = readonly [accountId: number, dialogId: number, operatorId: number, state: PresenceState];

export interface PresenceParts {
  database: Database;
  dialogs: Pick<Dialogs, 'place'>;
  clock: Clock;
}

export function createPresence({ database, dialogs, clock }: PresenceParts): Presence {
  /** By dialog, then by operator. */
  const seen = new Map<string, Map<number, { state: Present['state']; until: number }>>();
  let stopListening: (() => Promise<void>) | undefined;

  const forget = (key: string): void => {
    const here = seen.get(key);
    for (const [operatorId, { until }] of here ?? []) if (until <= clock.monotonic()) here?.delete(operatorId);
    if (here?.size === 0) seen.delete(key);
  };

  const learn = ([accountId, dialogId, operatorId, state]: Notice): void => {
    const key = `${accountId} ${dialogId}`;
    const here = seen.get(key) ?? new Map();
    if (state === 'gone') here.delete(operatorId);
    else here.set(operatorId, { state, until: clock.monotonic() + LIFE_MS });
    seen.set(key, here);
    if (seen.size > DIALOGS_BEFORE_SWEEP) for (const other of [...seen.keys()]) forget(other);
  };

  return {
    async show({ accountId, groups, operatorId }, dialogId, state) {
      const place = await dialogs.place(accountId, dialogId, groups);
      if (place === null) throw new AppError('not.found', 'this account has no such dialog');
      const notice: Notice = [accountId, place.dialogId, operatorId, state];
      learn(notice);
      await database.rows(TELL, [JSON.stringify(notice)]);
      const key = `${accountId} ${place.dialogId}`;
      forget(key);
      const others = [...(seen.get(key) ?? [])].filter(([id]) => id !== operatorId);
      return others.map(([id, known]) => ({ operatorId: id, state: known.state }));
    },
    async run() {
      stopListening = await database.listen(CHANNEL, (payload) => learn(JSON.parse(payload) as Notice));
    },
    async stop() {
      await stopListening?.();
    },
  };
}
