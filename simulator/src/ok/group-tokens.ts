import type { Group, World } from '../world/world.ts';

/** An idle token of a group dies after this; every call renews it (contracts/ok.md 2.4). */
export const GROUP_TOKEN_IDLE_MS = 30 * 86_400_000;

/** Tokens of groups for the Graph API: as the world has them, until somebody makes a new one or nobody uses them. */
export interface GroupTokens {
  /**
   * Whose token it is, and a call by it. `expired`: not used for 30 days; it stays so. Null: never was one, or a newer one was made.
   */
  use(token: string): Group | 'expired' | null;
  /** The one that lives now. */
  of(group: Group): string;
  /** An administrator makes a new one in the group's settings: from here on the old one is dead. */
  regenerate(group: Group): string;
  reset(): void;
}

export function createGroupTokens(world: World): GroupTokens {
  const made = new Map<Group, string>();
  const byMade = new Map<string, Group>();
  const usedAt = new Map<string, number>();
  // Nobody knows when a token that was never used was made: its days count from the start of the world.
  let startedAt = world.clock.now();
  return {
    use(token) {
      const group = byMade.get(token) ?? world.groups.byToken('ok', token);
      if (group === null || (made.get(group) ?? group.token) !== token) return null;
      const now = world.clock.now();
      if (now - (usedAt.get(token) ?? startedAt) >= GROUP_TOKEN_IDLE_MS) return 'expired';
      usedAt.set(token, now);
      return group;
    },
    of: (group) => made.get(group) ?? group.token,
    regenerate(group) {
      const token = `tkn${world.ids.hex(16)}:C${world.ids.hex(16).toUpperCase()}`;
      made.set(group, token);
      byMade.set(token, group);
      usedAt.set(token, world.clock.now());
      return token;
    },
    reset() {
      made.clear();
      byMade.clear();
      usedAt.clear();
      startedAt = world.clock.now();
    },
  };
}
