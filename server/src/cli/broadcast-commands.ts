import { type Broadcast, type Broadcasts, createBroadcasts } from '../broadcasts/broadcasts.ts';
import { createCallbacks } from '../callbacks/callbacks.ts';
import { createDispatch } from '../dispatch/dispatch.ts';
import { createFiles } from '../files/files.ts';
import { systemClock as clock } from '../platform/clock.ts';
import { createHttpClient } from '../platform/http-client.ts';
import { createLogger } from '../platform/telemetry.ts';
import { ACCOUNT_FLAG } from './account-commands.ts';
import type { Answer, Command, Given, Surroundings } from './command.ts';
import { integerArgument } from './values.ts';
import { openWorkplace, type Workplace } from './workplace.ts';

const SHOWN_MAX = 100;

/** Broadcasts for looking and for stopping: nothing is given out or sent here, the server does that. */
async function withBroadcasts<Result>(place: Workplace, work: (broadcasts: Broadcasts) => Promise<Result>): Promise<Result> {
  const { database, accounts, connections, templates, contacts, publicUrl, config } = place;
  const log = createLogger('silent');
  const httpClient = createHttpClient({ allowCidrs: [] });
  const dispatch = createDispatch({
    ...{ database, clock, log, accounts, connections, templates, contacts },
    callbacks: createCallbacks({ database, accounts, httpClient, clock, log }),
    sendTimeoutMs: config.SOROKA_SEND_TIMEOUT_MS,
    laneLeaseMs: config.SOROKA_LANE_LEASE_MS,
    statusPollAfterMs: config.SOROKA_STATUS_POLL_AFTER_MS,
  });
  const files = createFiles({ database, clock, log, bytesMax: config.SOROKA_FILE_BYTES_MAX });
  const parts = { database, clock, log, dispatch, connections, accounts, templates, contacts, files };
  return work(createBroadcasts({ ...parts, publicUrl: () => publicUrl })).finally(() => httpClient.close());
}

type Act = (broadcasts: Broadcasts, accountId: number, id: number) => Promise<Broadcast>;

async function act(given: Given, surroundings: Surroundings, work: Act): Promise<Answer> {
  const id = integerArgument(given, 0, 'ID');
  await using place = await openWorkplace(surroundings);
  const { id: accountId } = await place.account(given.flag('account'));
  const { name, state } = await withBroadcasts(place, (broadcasts) => work(broadcasts, accountId, id));
  return { kind: 'record', fields: { id, name, state } };
}

const time = (at: Date | null): string | null => at?.toISOString() ?? null;

export const BROADCAST_COMMANDS: readonly Command[] = [
  {
    name: 'broadcast list',
    summary: 'List the broadcasts of an account, newest first.',
    flags: { account: ACCOUNT_FLAG },
    help: `
The newest ${SHOWN_MAX}. They are made by the API: docs/broadcasts.md.

  soroka broadcast list --account pizzeria`,
    async run(given, surroundings) {
      await using place = await openWorkplace(surroundings);
      const { id: accountId } = await place.account(given.flag('account'));
      const page = { beforeId: Number.MAX_SAFE_INTEGER, limit: SHOWN_MAX };
      const all = await withBroadcasts(place, (broadcasts) => broadcasts.list(accountId, page));
      const rows = all.slice(0, SHOWN_MAX).map(({ id, name, state, startsAt, startedAt, endedAt }) => ({
        ...{ id, name, state, startsAt: time(startsAt), startedAt: time(startedAt), endedAt: time(endedAt) },
      }));
      return { kind: 'list', columns: ['id', 'name', 'state', 'startsAt', 'startedAt', 'endedAt'], rows };
    },
  },
  {
    name: 'broadcast report',
    summary: 'Count what came of a broadcast.',
    arguments: ['ID'],
    flags: { account: ACCOUNT_FLAG },
    help: `
"reasons" says why people did not get it, and how many: docs/broadcasts.md explains each.

  soroka broadcast report 5`,
    async run(given, surroundings) {
      const id = integerArgument(given, 0, 'ID');
      await using place = await openWorkplace(surroundings);
      const { id: accountId } = await place.account(given.flag('account'));
      const {
        recipients,
        waiting,
        excluded,
        given: givenOut,
        failed,
        funnel,
        reasons,
      } = await withBroadcasts(place, (broadcasts) => broadcasts.report(accountId, id));
      const why = reasons.map(({ reason, contacts }) => `${reason}: ${contacts}`);
      return { kind: 'record', fields: { id, recipients, waiting, excluded, given: givenOut, failed, ...funnel, reasons: why } };
    },
  },
  {
    name: 'broadcast pause',
    summary: 'Pause a broadcast: nothing more is given out.',
    arguments: ['ID'],
    flags: { account: ACCOUNT_FLAG },
    help: `
What a group's line got for the next 30 seconds is still sent.

  soroka broadcast pause 5`,
    run: (given, surroundings) => act(given, surroundings, (broadcasts, accountId, id) => broadcasts.pause(accountId, id)),
  },
  {
    name: 'broadcast resume',
    summary: 'Go on with a paused broadcast.',
    arguments: ['ID'],
    flags: { account: ACCOUNT_FLAG },
    help: `
One that was to begin later begins at its time.

  soroka broadcast resume 5`,
    run: (given, surroundings) => act(given, surroundings, (broadcasts, accountId, id) => broadcasts.resume(accountId, id)),
  },
  {
    name: 'broadcast stop',
    summary: 'Stop a broadcast for good.',
    arguments: ['ID'],
    flags: { account: ACCOUNT_FLAG },
    help: `
What no network has taken is cancelled.

  soroka broadcast stop 5`,
    run: (given, surroundings) => act(given, surroundings, (broadcasts, accountId, id) => broadcasts.stop(accountId, id)),
  },
];
