import { createHash } from 'node:crypto';

/** A number from 0 (with) to 1 (without). */
export type Random = () => number;

/** Mulberry32: the same seed gives the same numbers, on every machine. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

// Ids count from here, so that they stay short.
const EPOCH_MS = Date.UTC(2026, 0, 1);
// Seconds times messages a second stay below 2^31: 2^26 seconds are two years.
const VK_ID_SECONDS = 2 ** 26;
const VK_IDS_PER_SECOND = 32;

/** Every id the world gives out. None comes twice in one run; none comes again in a later run, unless both had one seed. */
export interface Ids {
  /** A growing number below 2^53: the upstream's messageId. At most 4096 per ms since the start of the run. */
  upstreamId(): number;
  /**
   * VK `message_id`: grows within one group; two groups may give the same. Below 2^31, as clients in strict languages take it. A
   * later run starts above it while a group's messages come 32 a second at most, counted from the start of the run; after two years
   * it starts low again.
   */
  vkMessageId(groupId: string): number;
  /** Where a dialog's `conversation_message_id` starts counting. */
  readonly dialogBase: number;
  /** 40 hex digits, as every `event_id` of VK that was seen (vk.md 1.2). */
  eventId(): string;
  /**
   * OK's `seq` for something that happened at `timeMs`: `timeMs << 16 | counter`, strictly growing, beyond 2^53 (ok.md 3.5).
   */
  okSeq(timeMs: number): bigint;
  /** A secret or a random name of `length` hex digits, at most 40. */
  hex(length: number): string;
}

/** `runStartMs` sets this run apart from every other; a seed takes its place where the run must be repeatable. */
export function createIds(runStartMs: number, seed: number | undefined): Ids {
  const sinceEpochMs = seed === undefined ? runStartMs - EPOCH_MS : seed * 1_000;
  const salt = seed === undefined ? `run ${runStartMs} ${process.pid}` : `seed ${seed}`;
  let upstreamId = sinceEpochMs * 4_096;
  let drawn = 0;
  let lastSeq = 0n;
  const lastMessageIds = new Map<string, number>();
  const firstMessageId = (Math.floor(sinceEpochMs / 1_000) % VK_ID_SECONDS) * VK_IDS_PER_SECOND + 1;
  const hex = (length: number): string => {
    drawn += 1;
    return createHash('sha1').update(`${salt} ${drawn}`).digest('hex').slice(0, length);
  };
  return {
    dialogBase: Math.floor(sinceEpochMs / 1_000),
    upstreamId() {
      upstreamId += 1;
      return upstreamId;
    },
    vkMessageId(groupId) {
      const next = (lastMessageIds.get(groupId) ?? firstMessageId - 1) + 1;
      lastMessageIds.set(groupId, next);
      return next;
    },
    okSeq(timeMs) {
      const earliest = BigInt(timeMs) << 16n;
      lastSeq = earliest > lastSeq ? earliest : lastSeq + 1n;
      return lastSeq;
    },
    eventId: () => hex(40),
    hex,
  };
}
