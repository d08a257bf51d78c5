import { createRawEvents, type RawEventState } from '../inbox/inbox.ts';
import { systemClock } from '../platform/clock.ts';
import { ACCOUNT_FLAG } from './account-commands.ts';
import type { Command } from './command.ts';
import { choiceFlag, integerArgument, integerFlag, textOrFile } from './values.ts';
import { openWorkplace } from './workplace.ts';

const STATES: readonly RawEventState[] = ['waiting', 'done', 'failed'];
const SHOWN_BY_DEFAULT = 20;
const SHOWN_MAX = 1_000;

/** Bodies as the networks sent them. One that could not be read stays, with its reason, until somebody mends it. */
export const EVENT_COMMANDS: readonly Command[] = [
  {
    name: 'event list',
    summary: 'Show what networks sent, newest first: what could not be read stands there with the reason.',
    flags: {
      account: ACCOUNT_FLAG,
      state: { value: 'STATE', meaning: `Only those: ${STATES.join(', ')}.` },
      limit: { value: 'N', meaning: `How many, up to ${SHOWN_MAX}. Default: ${SHOWN_BY_DEFAULT}.` },
    },
    help: `
A body that was understood goes after a while; one that failed stays. Bodies hold names and words of people.

  soroka event list --state failed
  soroka event list --limit 1 --json`,
    async run(given, surroundings) {
      const state = choiceFlag(given, 'state', STATES);
      const limit = Math.min(Math.max(integerFlag(given, 'limit') ?? SHOWN_BY_DEFAULT, 1), SHOWN_MAX);
      await using place = await openWorkplace(surroundings);
      const { id: accountId } = await place.account(given.flag('account'));
      const rawEvents = createRawEvents({ database: place.database, clock: systemClock });
      const { items } = await rawEvents.list(accountId, { limit, ...(state === undefined ? {} : { state }) });
      const columns = ['id', 'connection', 'form', 'source', 'state', 'error', 'receivedAt', 'body'];
      const rows = items.map(({ id, connectionId: connection, form, source, state: now, error, receivedAt, body }) => {
        return { id, connection, form, source, state: now, error, receivedAt: receivedAt.toISOString(), body };
      });
      return { kind: 'list', columns, rows };
    },
  },
  {
    name: 'event replay',
    summary: 'Work a failed event off once more, mended where a body is given.',
    arguments: ['ID'],
    flags: {
      account: ACCOUNT_FLAG,
      'body-file': { value: 'FILE', meaning: 'A file with the mended body; - is standard input.' },
    },
    help: `
Running servers take it up within a second. "soroka event list --state failed" shows the ids.

  soroka event replay 17
  soroka event replay 17 --body-file mended.json`,
    async run(given, surroundings) {
      const id = integerArgument(given, 0, 'ID');
      const body = await textOrFile(given, surroundings, 'body');
      await using place = await openWorkplace(surroundings);
      const account = await place.account(given.flag('account'));
      const rawEvents = createRawEvents({ database: place.database, clock: systemClock });
      if (await rawEvents.replay(account.id, id, body)) return { kind: 'done', sentence: `Event ${id} waits to be worked off.` };
      throw new Error(`The account ${account.name} has no failed event ${id}: see "soroka event list --state failed".`);
    },
  },
];
