import { LIMITS } from '../../limits/limits.ts';
import { DAY_MS, type SimulatedPerson } from './scenario.ts';
import type { Launch } from './watch.ts';

/** The limits of groups and of persons (R1, R2), counted at whoever looks: the process that sends, or the network that receives. */
export interface LimitWatch {
  called(where: 'launched' | 'received', batch: readonly Launch[]): void;
  /** The person got it now. */
  delivered(launch: Launch, person: SimulatedPerson): void;
  /** The person did not get it after all. */
  takenBack(launch: Launch, person: SimulatedPerson): void;
}

const WINDOW_MS = 1_000;
const VK_CALLS_OF_THE_NETWORK = 20;

export function createLimitWatch(parts: {
  /** Milliseconds since the beginning. */
  now(): number;
  violated(rule: string, what: string): void;
}): LimitWatch {
  const { now, violated } = parts;
  const times = new Map<string, number[]>();

  /** Counts one thing of this kind; at most `max` may fall into any window, both of whose ends are not in it together. */
  const count = (rule: string, kind: string, max: number, windowMs: number, many = 1): void => {
    const list = times.get(kind) ?? [];
    times.set(kind, list);
    for (let index = 0; index < many; index += 1) list.push(now());
    while ((list[0] ?? Number.POSITIVE_INFINITY) <= now() - windowMs) list.shift();
    if (list.length > max) violated(rule, `${list.length} instead of ${max} in ${windowMs} ms: ${kind}`);
  };

  /** As far as our contacts know the person; a day is counted under each. */
  const daysOf = ({ group: { network, groupId } }: Launch, { phone, userIds }: SimulatedPerson): string[] => {
    const userId = userIds[network];
    const names = [`phone ${phone}`, ...(userId === undefined ? [] : [`user ${userId}`])];
    return names.map((name) => `day of ${name} at ${groupId}`);
  };

  return {
    called(where, batch) {
      const [first] = batch;
      if (first === undefined) return;
      const { group, connection } = first;
      const notifications = batch.filter(({ isNotification }) => isNotification).length;
      const { messagesPerSecond = LIMITS.notificationsPerGroup.max } = group.community.settings;
      count('R1', `notifications of ${group.groupId} ${where}`, messagesPerSecond, WINDOW_MS, notifications);
      if (connection.kind !== 'vk') return;
      const calls = where === 'launched' ? LIMITS.vkCalls.max : VK_CALLS_OF_THE_NETWORK;
      count('R1', `calls of ${group.groupId} ${where}`, calls, WINDOW_MS);
    },
    delivered(launch, person) {
      launch.deliveredAt = now();
      for (const day of daysOf(launch, person)) count('R2', day, LIMITS.notificationsPerPerson.max, DAY_MS);
    },
    takenBack(launch, person) {
      for (const name of daysOf(launch, person)) {
        const day = times.get(name) ?? [];
        const index = day.indexOf(launch.deliveredAt ?? Number.NaN);
        if (index >= 0) day.splice(index, 1);
      }
    },
  };
}
