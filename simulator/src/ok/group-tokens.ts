import type { Group, World } from '../world/world.ts';

/** An idle token of a group dies after this; every call renews it (contracts/ok.md 2.4). */
export const GROUP_TOKEN_IDLE_MS = 30 * 86_400_000;

/** How long ago tokens of groups were used. Which of them there are, and which were made anew, the world knows. */
export interface GroupTokens {
  /** Whose token it is, and a call by it. `expired`: not used for 30 days. Null: never was one, or a newer one was made. */
  use(token: string): Group | 'expired' | null;
  reset(): void;
}

export function createGroupTokens(world: World): GroupTokens {
  const usedAt = new Map<string, number>();
  // Days of a first token that was never used count from the start of the world.
  let startedAt = world.clock.now();
  return {
    use(token) {
      const group = world.groups.byToken('ok', token);
      if (group === null) return null;
      const now = world.clock.now();
      if (now - (usedAt.get(token) ?? world.groups.tokenMadeAt(group) ?? startedAt) >= GROUP_TOKEN_IDLE_MS) return 'expired';
      usedAt.set(token, now);
      return group;
    },
    reset() {
      usedAt.clear();
      startedAt = world.clock.now();
    },
  };
}
