import type { Clock } from '../platform/clock.ts';
import type { Database, Transaction } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';
import type { HttpClient } from '../platform/http-client.ts';
import { createLoop } from '../platform/loop.ts';
import type { Secrets } from '../platform/secrets.ts';
import type { Logger } from '../platform/telemetry.ts';
import { createPushIdentity } from './identity.ts';
import { createPushRows, type OpenedSubscription, type PushJob, type Subscription } from './rows.ts';
import { callPushService, elapsedMs, type PushOutcome, prepareWebPush, subjectOf, type WebPushAddress } from './web-push-call.ts';

export type { Subscription } from './rows.ts';
export type { WebPushAddress } from './web-push-call.ts';

/** One step on the way to a device. */
export interface PushHop {
  name: 'subscription' | 'address' | 'encryption' | 'service' | 'device';
  state: 'good' | 'bad' | 'unknown';
  /** A sentence. */
  found: string;
}

export interface NewSubscription {
  address: WebPushAddress;
  device: string;
  showsText: boolean;
}

/** Tells operators' browsers and installed web apps that somebody wrote, while nobody looks. */
export interface Push {
  /** What a browser needs to subscribe; base64url. */
  publicKey(): Promise<string>;
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
  const { clock, log, httpClient, publicUrl } = parts;
  const identity = createPushIdentity(parts);
  const rows = createPushRows(parts);
  const now = (): Date => new Date(clock.now());

  const prepare = async ({ address }: { address: WebPushAddress }, payload: object, topic: string) =>
    prepareWebPush(address, JSON.stringify(payload), { identity: await identity(), subject: subjectOf(publicUrl()), topic });

  /** Without words and names, unless the owner of the device wants them there. */
  const payloadOf = (
    { showsText }: Subscription,
    dialogId: number,
    said: { name: string | null; text: string } | null,
  ): object => {
    const sign = { kind: 'message', dialogId };
    if (!showsText || said === null) return sign;
    return { ...sign, name: said.name, text: [...said.text].slice(0, TEXT_CHARACTERS_MAX).join('') };
  };

  const tellOf = async (job: PushJob): Promise<void> => {
    const { dialogId } = job;
    const devices = await rows.audience(job);
    const said = devices.some(({ showsText }) => showsText) ? await rows.said(dialogId) : null;
    const outcomes = await Promise.all(
      devices.map(async (device): Promise<{ device: OpenedSubscription; outcome: PushOutcome }> => {
        const request = await prepare(device, payloadOf(device, dialogId, said), `dialog-${dialogId}`);
        return { device, outcome: await callPushService(httpClient, request) };
      }),
    );
    const idsOf = (...kinds: PushOutcome['kind'][]): number[] =>
      outcomes.filter(({ outcome }) => kinds.includes(outcome.kind)).map(({ device }) => device.id);
    await rows.settle({ gone: idsOf('gone'), taken: idsOf('taken'), failed: idsOf('failed', 'refused') }, now(), FAILURES_MAX);
    // Who was told is not told twice: only where nobody was, all are tried again.
    const isWorthATry = idsOf('taken').length === 0 && idsOf('failed').length > 0 && job.tries < TRIES_MAX;
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
    async subscribe(accountId, operatorId, { address, device, showsText }) {
      const refusal = httpClient.refusal(address.endpoint);
      if (refusal !== null) throw new AppError('parameter.invalid', `the address ${refusal}`, { field: 'endpoint' });
      await prepare({ address }, {}, 'check');
      return rows.put({ accountId, operatorId, address, device, showsText, createdAt: now() });
    },
    list: rows.list,
    unsubscribe: rows.remove,
    async test(accountId, operatorId, id) {
      const found = (await rows.list(accountId, operatorId)).find((subscription) => subscription.id === id);
      if (found === undefined) throw new AppError('not.found', 'you have no such subscription');
      const hops: PushHop[] = [{ name: 'subscription', state: 'good', found: `"${found.device}" is subscribed.` }];
      const refusal = httpClient.refusal(found.address.endpoint);
      if (refusal !== null) return [...hops, { name: 'address', state: 'bad', found: `Its address ${refusal}.` }];
      hops.push({ name: 'address', state: 'good', found: `It is told by ${new URL(found.address.endpoint).host}.` });
      const request = await prepare(found, { kind: 'test' }, 'test');
      hops.push({ name: 'encryption', state: 'good', found: 'The sign is encrypted for the device alone.' });
      const since = clock.monotonic();
      const outcome = await callPushService(httpClient, request);
      const tookMs = elapsedMs(clock, since);
      await rows.settle(
        { gone: outcome.kind === 'gone' ? [id] : [], taken: outcome.kind === 'taken' ? [id] : [], failed: [] },
        now(),
        FAILURES_MAX,
      );
      return [...hops, ...lastHops(outcome, tookMs)];
    },
    heard: (tx, { accountId, dialogId }) => rows.note(tx, { accountId, dialogId }, new Date(clock.now() + GATHER_MS)),
    run: loop.run,
    stop: loop.stop,
  };
}

function lastHops(outcome: PushOutcome, tookMs: number): readonly PushHop[] {
  switch (outcome.kind) {
    case 'taken':
      return [
        { name: 'service', state: 'good', found: `The push service took it within ${tookMs} ms.` },
        { name: 'device', state: 'unknown', found: 'No service tells whether the device showed it: look there.' },
      ];
    case 'gone':
      return [
        { name: 'service', state: 'bad', found: 'The device is subscribed no longer; it was removed here. Subscribe anew.' },
      ];
    case 'refused':
    case 'failed':
      return [{ name: 'service', state: 'bad', found: `It was not taken: ${outcome.detail}.` }];
  }
}
