import { CAPABILITIES, type Channel, type Outgoing, type SendOutcome } from '@soroka/channels';
import type { ProviderReceipt } from '../contract.ts';
import type { FaultRates } from './faults.ts';
import type { SimulatedProcess } from './process.ts';
import type { Scenario, SimulatedConnection } from './scenario.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { Timeline } from './timeline.ts';
import type { Launch, Watch } from './watch.ts';

/** VK, OK and the notify upstream as they take messages: keys they remember, errors, answers that are late or never come. */
export interface SimulatedNetworks {
  /** As one process reaches it by one connection. */
  channel(process: SimulatedProcess, connection: SimulatedConnection): Channel;
}

/** What becomes of one message by one call; chosen in this order. */
const OWN_ERRORS: readonly { rate: keyof FaultRates; outcome(random: SeededRandom): SendOutcome }[] = [
  // channels/src/vk/vk-error-table.ts: 9, 10, 901. VK names no times; these are short so that a run sees their end.
  {
    rate: 'flood',
    outcome: (random) => ({ kind: 'throttled', scope: 'recipient', retryAfterMs: random.integer(500, 4_000), networkCode: '9' }),
  },
  { rate: 'passingError', outcome: () => ({ kind: 'failed', networkCode: '10' }) },
  { rate: 'refusal', outcome: () => ({ kind: 'refused', reason: 'refused_by_user', networkCode: '901' }) },
  { rate: 'content', outcome: () => ({ kind: 'refused', reason: 'content', networkCode: '911' }) },
  { rate: 'dayUsedUp', outcome: () => ({ kind: 'refused', reason: 'daily_limit', networkCode: '' }) },
];
/** What becomes of a whole call. */
const CALL_ERRORS: readonly { rate: keyof FaultRates; outcome: SendOutcome }[] = [
  { rate: 'tooMany', outcome: { kind: 'throttled', scope: 'lane', limit: 'rate', retryAfterMs: 1_000, networkCode: '6' } },
  { rate: 'internalError', outcome: { kind: 'failed', networkCode: '10' } },
  { rate: 'quotaUsedUp', outcome: { kind: 'throttled', scope: 'lane', limit: 'quota', retryAfterMs: 60_000, networkCode: '29' } },
  { rate: 'tokenRefused', outcome: { kind: 'stopped', networkCode: '5', detail: 'the token was refused' } },
];
/** What a provider says of a message that it took and nobody got. */
const NOT_DELIVERED: readonly ProviderReceipt['status'][] = ['UNDELIVERABLE', 'EXPIRED', 'RATELIMIT'];
/** What a channel throws that should not. */
export const BROKEN_CHANNEL = 'the channel broke its contract';
/** What it throws where a provider does not say what became of a message. */
export const ASKED_IN_VAIN = 'the provider gave no receipts';
const UNANSWERED: SendOutcome = { kind: 'unanswered', detail: 'no answer' };
// Lease margin and quarantine are made for requests that reach their network this soon (docs/decisions/0004).
const REQUEST_MAX_MS = 400;

export function createNetworks(parts: {
  scenario: Scenario;
  timeline: Timeline;
  random: SeededRandom;
  watch: Watch;
  faults(): FaultRates;
  /** Gives a receipt to whichever process lives. */
  report(receipt: ProviderReceipt): void;
  keyOf(outgoing: Outgoing): string;
  now(): Date;
}): SimulatedNetworks {
  const { scenario, timeline, random, watch, faults, report } = parts;
  const remembered = new Map<string, { networkId: string; at: number }>();
  const statuses = new Map<string, ProviderReceipt[]>();
  let taken = 0;

  const receive = (connection: SimulatedConnection, batch: readonly Outgoing[], launches: readonly Launch[]): SendOutcome[] => {
    watch.received(launches);
    const whole = CALL_ERRORS.find(({ rate }) => random.chance(faults()[rate]));
    if (whole !== undefined) return batch.map(() => whole.outcome);
    return batch.map((outgoing, index) => receiveOne(connection, outgoing, launches[index] as Launch));
  };

  const receiveOne = (connection: SimulatedConnection, outgoing: Outgoing, launch: Launch): SendOutcome => {
    const own = OWN_ERRORS.find(({ rate }) => random.chance(faults()[rate]));
    const key = `${connection.id}:${outgoing.groupId}:${parts.keyOf(outgoing)}`;
    const known = connection.dropsRepeats ? remembered.get(key) : undefined;
    const isKnown = known !== undefined && timeline.now() - known.at < scenario.keyMemoryMs;
    if (isKnown && random.chance(0.8)) return { kind: 'sent', networkId: known.networkId };
    if (own !== undefined) return own.outcome(random);
    if (isKnown) return { kind: 'sent', networkId: known.networkId };
    taken += 1;
    const networkId = `n${taken}`;
    watch.delivered(launch, known === undefined || isKnown);
    timeline.note(
      'network',
      `${launch.messageId}.${launch.step} reaches ${outgoing.recipientId} from ${outgoing.groupId} as ${networkId}`,
    );
    remembered.set(key, { networkId, at: timeline.now() });
    if (connection.kind === 'notify') planReceipts(connection, networkId, launch);
    return { kind: 'sent', networkId };
  };

  /** Before our own SENT is stored, twice, in the wrong order, or never. */
  const planReceipts = (connection: SimulatedConnection, networkId: string, launch: Launch): void => {
    const tell = (status: ProviderReceipt['status'], ms: number): void => {
      timeline.after(ms, 'network', `${networkId} is ${status}`, () => {
        const receipt = { connectionId: connection.id, networkId, status, at: parts.now() };
        statuses.set(networkId, [...(statuses.get(networkId) ?? []), receipt]);
        if (NOT_DELIVERED.includes(status)) watch.takenBack(launch);
        if (random.chance(0.9)) report(receipt);
        if (random.chance(0.1)) report(receipt);
      });
    };
    const deliveredInMs = random.pick([1, 50, 3_000]) * random.fraction();
    const isDelivered = random.chance(0.9);
    if (random.chance(0.1)) tell('SENT', deliveredInMs);
    if (!isDelivered) tell(random.pick([...NOT_DELIVERED, 'UNKNOWN'] as const), deliveredInMs);
    else if (random.chance(0.9)) tell('DELIVERED', deliveredInMs);
    if (isDelivered && random.chance(0.5)) tell('READ', deliveredInMs + random.between(-500, 4_000));
  };

  const exchange = (connection: SimulatedConnection, batch: readonly Outgoing[], launches: readonly Launch[]) =>
    new Promise<SendOutcome[]>((resolve) => {
      const requestMs = random.chance(0.9) ? random.between(1, 20) : random.between(20, REQUEST_MAX_MS);
      const { requestLost, sendAnswerLost, sendAnswerLate } = faults();
      if (random.chance(requestLost)) return;
      timeline.after(requestMs, 'network', 'receives', () => {
        const outcomes = receive(connection, batch, launches);
        if (random.chance(sendAnswerLost)) {
          if (random.chance(0.3))
            timeline.after(1, 'network', 'breaks the connection', () => resolve(batch.map(() => UNANSWERED)));
          return;
        }
        const answerMs = random.chance(sendAnswerLate) ? random.between(100, 2 * scenario.sendTimeoutMs) : random.between(1, 20);
        timeline.after(answerMs, 'network', 'answers', () => resolve(outcomes));
      });
    });

  return {
    channel: (process, connection) => ({
      kind: connection.kind,
      capabilities: { ...CAPABILITIES[connection.kind], dropsRepeats: connection.dropsRepeats },
      async send(batch, signal) {
        let launches: readonly Launch[] = [];
        const heard = await process.call(
          'send',
          () => {
            launches = watch.launched(process, connection, batch);
            timeline.note(process.name, `sends ${launches.map(({ messageId, step }) => `${messageId}.${step}`).join(' ')}`);
            return Promise.race([
              exchange(connection, batch, launches),
              new Promise<SendOutcome[]>((resolve) => {
                signal.addEventListener('abort', () => resolve(batch.map(() => UNANSWERED)), { once: true });
              }),
            ]);
          },
          { atOnce: true },
        );
        const isBroken = random.chance(faults().channelBroken);
        const outcomes = isBroken ? heard.slice(0, random.integer(0, heard.length)) : heard;
        for (const [index, launch] of launches.entries()) {
          launch.answer = outcomes[index]?.kind ?? null;
          timeline.note(process.name, `hears of ${launch.messageId}.${launch.step}: ${launch.answer}`);
        }
        if (isBroken && outcomes.length === 0) throw new Error(BROKEN_CHANNEL);
        return outcomes;
      },
      receipts: (networkId, signal) =>
        process.call('asks for a status', () => {
          if (!random.chance(faults().sendAnswerLost)) return statuses.get(networkId) ?? [];
          return new Promise((_, reject) => {
            const giveUp = (): void => reject(new Error(ASKED_IN_VAIN));
            if (signal.aborted) giveUp();
            else signal.addEventListener('abort', giveUp, { once: true });
          });
        }),
    }),
  };
}
