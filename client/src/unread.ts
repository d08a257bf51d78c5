/** The least that is needed of a line to count it. */
interface CountedLine {
  sequence: number;
  direction: 'in' | 'out';
}

export interface UnreadCounters {
  /** How far a dialog was read, by the server: on another device, or here before. Later answers may be older: it never goes back. */
  known(dialogId: number, readUpTo: number): void;
  /** The operator has seen the lines up to this one. Tells the server where that is news. */
  read(dialogId: number, upTo: number): void;
  /** "Unread from here": goes back, on all devices. */
  unreadFrom(dialogId: number, sequence: number): void;
  count(dialogId: number, lines: readonly CountedLine[]): number;
  /** The dialog is on the screen: the line before which "new" stands stays where it is until it is left. */
  open(dialogId: number): void;
  leave(dialogId: number): void;
  /** The first line that was unread when the dialog was opened; null where there is none, or it is not open. */
  divider(dialogId: number, lines: readonly CountedLine[]): number | null;
}

/** `sync` brings the place to the server, which tells the operator's other devices. */
export function createUnreadCounters({ sync }: { sync: (dialogId: number, readUpTo: number) => void }): UnreadCounters {
  const places = new Map<number, number>();
  const frozen = new Map<number, number>();
  // Of a dialog that nobody read everything is new; what was imported from before us is below 1, and old.
  const placeOf = (dialogId: number): number => places.get(dialogId) ?? 0;
  const isUnread = (place: number) => (line: CountedLine) => line.direction === 'in' && line.sequence > place;

  return {
    known(dialogId, readUpTo) {
      places.set(dialogId, Math.max(placeOf(dialogId), readUpTo));
    },
    read(dialogId, upTo) {
      if (upTo <= placeOf(dialogId)) return;
      places.set(dialogId, upTo);
      sync(dialogId, upTo);
    },
    unreadFrom(dialogId, sequence) {
      places.set(dialogId, sequence - 1);
      sync(dialogId, sequence - 1);
    },
    count: (dialogId, lines) => lines.filter(isUnread(placeOf(dialogId))).length,
    open(dialogId) {
      frozen.set(dialogId, placeOf(dialogId));
    },
    leave(dialogId) {
      frozen.delete(dialogId);
    },
    divider(dialogId, lines) {
      const place = frozen.get(dialogId);
      if (place === undefined) return null;
      const unread = lines.filter(isUnread(place)).map(({ sequence }) => sequence);
      return unread.length === 0 ? null : Math.min(...unread);
    },
  };
}
