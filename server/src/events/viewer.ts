/** Whoever looks at the events of an account. */
export interface Viewer {
  /** Null: a program with a key of the account. */
  operatorId: number | null;
  /** Whose dialogs are shown, as `groupKey` writes them; null: all. */
  groups: readonly string[] | null;
}

/** Something that happened, as the screens of an account hear of it. */
export interface EventEntry {
  /** What happened: `message.added`. */
  kind: string;
  dialogId?: number;
  /** Only for those who see the dialogs of this group, as `groupKey` writes it. Absent: for everybody. */
  group?: string;
  /** Only for this operator. */
  operatorId?: number;
  /** What a screen needs to show it, without asking. */
  body: Readonly<Record<string, unknown>>;
}

/** One group among those of both networks: `VK:213243638`. */
export function groupKey({ network, groupId }: { network: string; groupId: string }): string {
  return `${network.toUpperCase()}:${groupId}`;
}

export function isVisible({ group, operatorId }: EventEntry, viewer: Viewer): boolean {
  if (operatorId !== undefined && operatorId !== viewer.operatorId) return false;
  return group === undefined || viewer.groups === null || viewer.groups.includes(group);
}

/** Viewers with the same one see the same of every event: their frames are written once. */
export function audienceOf({ operatorId, groups }: Viewer): string {
  return JSON.stringify([operatorId, groups === null ? null : [...groups].sort()]);
}
