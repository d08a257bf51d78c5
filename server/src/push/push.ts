import type { Clock } from '../platform/clock.ts';
import type { Database, Transaction } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';
import type { HttpClient } from '../platform/http-client.ts';
import { createLoop } from '../platform/loop.ts';
import type { Secrets } from '../platform/secrets.ts';
import type { Logger } from '../platform/telemetry.ts';
import { hopsOf, type PushHop } from './hops.ts';
import { createPushIdentity } from './identity.ts';
import type { MobileCredentials } from './mobile/mobile.ts';
import type { PushOutcome, PushPayload } from './outcome.ts';
import { createPushRows, type OpenedSubscription, type PushJob, type Subscription } from './rows.ts';
import { createSenders, type DeviceAddress, type DeviceKind, serviceOf } from './senders.ts';

export type { PushHop } from './hops.ts';
export type { MobileCredentials } from './mobile/mobile.ts';
export type { Subscription } from './rows.ts';
export type { DeviceAddress, DeviceKind } from './senders.ts';

export interface NewSubscription {
  address: DeviceAddress;
  device: string;
  showsText: boolean;
}

/** Tells operators' browsers, installed web apps and phones that somebody wrote, while nobody looks. */
export interface Push {
  /** What a browser needs to subscribe; base64url. */
  publicKey(): Promise<string>;
  /** The kinds of devices that this server can tell. */
  kinds(): readonly DeviceKind[];
  /** Throws `parameter.invalid` where nothing could be sent to it. */
  subscribe(accountId: number, operatorId: number, given: NewSubscription): Promise<Subscription>;
  list(accountId: number, operatorId: number): Promise<readonly Subscription[]>;
  /** False where there is none. */
  unsubscribe(accountId: number, operatorId: number, id: number): Promise<boolean>;
  /** Sends a sign to one device and says of each step how it went. Throws `not.found`. */
  test(accountId: number, operatorId: number, id: number): Promise<readonly PushHop[]>;
  /** In the transaction of a person's word: the devices of those who are to answer it are told soon. */
  heard(tx: Transaction, word: { accountId: number; dialogId: number }): Promise<void>;
  run(): void;
  stop(): Promise<void>;
}

export interface PushParts {
  database: Database;
  secrets: Secrets;
  clock: Clock;
  log: Logger;
  httpClient: Pick<HttpClient, 'post' | 'refusal'>;
  publicUrl: () => string;
  /** By what the services of phones know us. */
  mobile: MobileCredentials;
}

/** What a person writes in one go is one sign. */
const GATHER_MS = 2_000;
const IDLE_MS = 1_000;
const AT_ONCE = 20;
const LEASE_MS = 60_000;
const TRIES_MAX = 5;
const FIRST_PAUSE_MS = 5_000;
/** In a row. */
const FAILURES_MAX = 20;
const TEXT_CHARACTERS_MAX = 200;

export function createPush(parts: PushParts): Push {
  const { clock, log, httpClient, publicUrl, mobile } = parts;
  const identity = createPushIdentity(parts);
  const rows = createPushRows(parts);
  const senders = createSenders({ httpClient, clock, identity, publicUrl, mobile });
  const now = (): Date => new Date(clock.now());

  /** Without words and names, unless the owner of the device wants them there. */
  const payloadOf = (
    { showsText }: Subscription,
    dialogId: number,
    said: { name: string | null; text: string } | null,
  ): PushPayload => {
    const sign = { kind: 'message', dialogId } as const;
    if (!showsText || said === null) return sign;
    return { ...sign, name: said.name, text: [...said.text].slice(0, TEXT_CHARACTERS_MAX).join('') };
  };

  const tellOf = async (job: PushJob): Promise<void> => {
    const { dialogId } = job;
    const devices = await rows.audience(job);
    const said = devices.some(({ showsText }) => showsText) ? await rows.said(dialogId) : null;
    const outcomes = await Promise.all(
      devices.map(async (device): Promise<{ device: OpenedSubscription; outcome: PushOutcome }> => {
        const sign = { payload: payloadOf(device, dialogId, said), topic: `dialog-${dialogId}` };
        return { device, outcome: await senders.send(device.address, sign) };
      }),
    );
    const idsOf = (isMeant: (outcome: PushOutcome) => boolean): number[] =>
      outcomes.filter(({ outcome }) => isMeant(outcome)).map(({ device }) => device.id);
    const taken = idsOf(({ kind }) => kind === 'taken');
    const gone = idsOf(({ kind }) => kind === 'gone');
    await rows.settle({ gone, taken, failed: idsOf(isTheDevices) }, now(), FAILURES_MAX);
    // Who was told is not told twice: only where nobody was, all are tried again.
    const isWorthATry = taken.length === 0 && outcomes.some(({ outcome }) => outcome.kind === 'failed') && job.tries < TRIES_MAX;
    if (!isWorthATry) await rows.done(dialogId);
    else await rows.delay(dialogId, new Date(clock.now() + FIRST_PAUSE_MS * 2 ** (job.tries - 1)));
  };

  const loop = createLoop({
    ...{ name: 'push', clock, log, idleMs: IDLE_MS, everyMs: 0 },
    async step() {
      const jobs = await rows.claim(now(), new Date(clock.now() + LEASE_MS), AT_ONCE);
      await Promise.all(
        jobs.map((job) =>
          tellOf(job).catch((error: unknown) =>
            log.warn({
              event: 'push_failed',
              dialogId: job.dialogId,
              error: error instanceof Error ? error.message : String(error),
            }),
          ),
        ),
      );
      return jobs.length > 0;
    },
  });

  return {
    publicKey: async () => (await identity()).publicKey,
    kinds: senders.kinds,
    async subscribe(accountId, operatorId, { address, device, showsText }) {
      await senders.check(address);
      return rows.put({ accountId, operatorId, address, device, showsText, createdAt: now() });
    },
    list: rows.list,
    unsubscribe: rows.remove,
    async test(accountId, operatorId, id) {
      const found = (await rows.list(accountId, operatorId)).find((subscription) => subscription.id === id);
      if (found === undefined) throw new AppError('not.found', 'you have no such subscription');
      const { address, device } = found;
      const since = clock.monotonic();
      const outcome = await senders.send(address, { payload: { kind: 'test' }, topic: 'test' });
      const tookMs = Math.round(clock.monotonic() - since);
      await rows.settle(
        { gone: outcome.kind === 'gone' ? [id] : [], taken: outcome.kind === 'taken' ? [id] : [], failed: [] },
        now(),
        FAILURES_MAX,
      );
      return hopsOf({ way: address.kind === 'web' ? 'web' : 'mobile', outcome, device, service: serviceOf(address), tookMs });
    },
    heard: (tx, { accountId, dialogId }) => rows.note(tx, { accountId, dialogId }, new Date(clock.now() + GATHER_MS)),
    run: loop.run,
    async stop() {
      await loop.stop();
      await senders.close();
    },
  };
}

/** Whether it speaks against the device: what is wrong with our credentials must cost nobody a subscription. */
function isTheDevices(outcome: PushOutcome): boolean {
  return (outcome.kind === 'failed' || outcome.kind === 'refused') && outcome.at !== 'credentials';
}
