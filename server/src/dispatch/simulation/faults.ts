import type { SeededRandom } from './seeded-random.ts';

/** How often each thing goes wrong in one run; probabilities per occasion. */
export interface FaultRates {
  /** A process is killed at a port. */
  crash: number;
  /** A process stands still for a while, longer than its lease or shorter. */
  pause: number;
  /** A statement or commit fails without an effect. */
  statementRefused: number;
  /** Leases are not renewed, as when somebody holds the rows of the lanes: an owner launches to the end of its lease and loses it alive. */
  renewalRefused: number;
  /** It is carried out, and the answer is an error. */
  answerLost: number;
  /** A statement takes seconds. */
  statementSlow: number;
  /** A request never reaches its network. */
  requestLost: number;
  /** The network takes it, and its answer never comes. */
  sendAnswerLost: number;
  /** The network takes it, and its answer comes late, perhaps after the time-out. */
  sendAnswerLate: number;
  /** The network's own errors, of a whole call. */
  tooMany: number;
  internalError: number;
  quotaUsedUp: number;
  tokenRefused: number;
  /** Of one message. */
  flood: number;
  passingError: number;
  /** A person blocks the group. */
  refusal: number;
  /** The network does not take what it says. */
  content: number;
  /** The network counts its own day. */
  dayUsedUp: number;
  /** The channel breaks its contract: it throws, or answers for some of the messages only. */
  channelBroken: number;
  /** The wall clock of a process jumps by up to 5 s, per second. */
  clockStep: number;
  /** A process is stopped in order, and another started, per second. */
  restart: number;
}

const MOST: FaultRates = {
  ...{ crash: 0.005, pause: 0.0023, statementRefused: 0.02, renewalRefused: 0.95, answerLost: 0.02, statementSlow: 0.01 },
  ...{ requestLost: 0.15, sendAnswerLost: 0.2, sendAnswerLate: 0.2 },
  ...{ tooMany: 0.1, internalError: 0.1, quotaUsedUp: 0.02, tokenRefused: 0.02, flood: 0.1, passingError: 0.15, refusal: 0.15 },
  ...{ content: 0.05, dayUsedUp: 0.05, channelBroken: 0.05 },
  ...{ clockStep: 0.3, restart: 0.15 },
};

/** What never goes wrong: the reference run in which crash points are counted. */
export const NO_FAULTS = Object.fromEntries(Object.keys(MOST).map((name) => [name, 0])) as unknown as FaultRates;

// Armed in a quarter of the runs each, so that faults are tried alone and together and not always all at once (as FoundationDB's buggify).
const ARMED = 0.25;

export function drawFaults(random: SeededRandom): FaultRates {
  const drawn = Object.entries(MOST).map(([name, most]) => [name, random.chance(ARMED) ? most * random.between(0.2, 1) : 0]);
  return Object.fromEntries(drawn) as unknown as FaultRates;
}
