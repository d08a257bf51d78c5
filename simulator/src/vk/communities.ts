import type { Group } from '../world/world.ts';

/** What an administrator set in a community's page, as far as bots see it. Names: groups.setSettings of the schema. */
export interface CommunitySettings {
  messages: boolean;
  bots_capabilities: boolean;
  bots_start_button: boolean;
  bots_add_to_chat: boolean;
  bot_online_booking_enabled: boolean;
  isOnline: boolean;
}

// As a community is once its owner has made it a bot's home: otherwise the first keyboard would meet error 912.
const INITIAL: CommunitySettings = {
  messages: true,
  bots_capabilities: true,
  bots_start_button: true,
  bots_add_to_chat: true,
  bot_online_booking_enabled: false,
  isOnline: false,
};

// The bounds of storage.set in the schema, and VK's 1000 keys per user (storage.getKeys).
export const STORAGE_KEYS_MAX = 1_000;

/** What communities keep at VK: their settings, and texts that their bots stored. */
export interface Communities {
  settings(group: Group): CommunitySettings;
  /** The keys and values of one user (0: of the community itself), in the order of their making. */
  storage(group: Group, userId: number): Map<string, string>;
  reset(): void;
}

export function createCommunities(): Communities {
  const settings = new Map<Group, CommunitySettings>();
  const storages = new Map<string, Map<string, string>>();
  return {
    settings(group) {
      const own = settings.get(group) ?? { ...INITIAL };
      settings.set(group, own);
      return own;
    },
    storage(group, userId) {
      const name = `${group.id} ${userId}`;
      const own = storages.get(name) ?? new Map<string, string>();
      storages.set(name, own);
      return own;
    },
    reset() {
      settings.clear();
      storages.clear();
    },
  };
}
