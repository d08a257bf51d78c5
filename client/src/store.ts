import type { Dialog, DialogMessage, EventEntry } from '@soroka/api';

/** A line of a dialog as it is shown: one that the server has, or one that is on its way to it. */
export type Line = { state: 'there'; message: DialogMessage } | { state: 'pending'; localId: string; text: string };

export interface DialogStore {
  /** A page of the list. `asOf` as the answer gave it: what was told since is not undone by it. */
  loadDialogs(dialogs: readonly Dialog[], asOf: number): void;
  loadLines(dialogId: number, messages: readonly DialogMessage[], asOf: number): void;
  /** What an event frame told. Kinds that are not known are passed over. */
  apply(entries: readonly EventEntry[], sequence: number): void;
  /** Everything is forgotten but what is pending: after a reset the lists are loaded anew. */
  clear(): void;
  /** Shown at the end of its dialog until `arrived`, and until the line it became is here. */
  addPending(dialogId: number, pending: { localId: string; text: string }): void;
  /** `messageId` of the line that it became; null: it was given up. */
  arrived(localId: string, messageId: number | null): void;
  /** The one with the newest line first. */
  dialogs(): readonly Dialog[];
  /** By their places in the dialog, oldest first; pending ones in the order they were written, at the end. */
  lines(dialogId: number): readonly Line[];
  /** Called after every change. The function ends it. */
  subscribe(onChange: () => void): () => void;
}

interface Pending {
  localId: string;
  text: string;
  messageId: number | null;
}
interface Told {
  sequence: number;
  entries: readonly EventEntry[];
}

// A list that was asked for before so many events is older than anybody's patience.
const TOLD_MAX = 1_000;

/** `onStale`: the lines of this dialog have to be loaded anew. */
export function createDialogStore({ onStale }: { onStale: (dialogId: number) => void }): DialogStore {
  const dialogs = new Map<number, Dialog>();
  const lines = new Map<number, Map<number, DialogMessage>>();
  const pending = new Map<number, Pending[]>();
  /** When the last thing was said, by which the server's list is ordered: a line that is taken away again does not bring it back. */
  const latestAt = new Map<number, string>();
  const listeners = new Set<() => void>();
  let told: Told[] = [];

  const changed = (): void => {
    for (const listener of listeners) listener();
  };
  const linesOf = (dialogId: number): Map<number, DialogMessage> => {
    const known = lines.get(dialogId) ?? new Map<number, DialogMessage>();
    lines.set(dialogId, known);
    return known;
  };
  const said = (dialogId: number, at: string): void => {
    if (at > (latestAt.get(dialogId) ?? '')) latestAt.set(dialogId, at);
  };
  const know = (dialog: Dialog): void => {
    dialogs.set(dialog.id, dialog);
    said(dialog.id, dialog.lastMessage?.createdAt ?? dialog.createdAt);
  };
  const put = (dialogId: number, message: DialogMessage): void => {
    linesOf(dialogId).set(message.id, message);
    said(dialogId, message.createdAt);
    const dialog = dialogs.get(dialogId);
    const last = dialog?.lastMessage ?? null;
    if (dialog !== undefined && (last === null || last.sequence <= message.sequence))
      dialogs.set(dialogId, { ...dialog, lastMessage: message });
  };
  const change = (dialogId: number, id: number, changes: Partial<DialogMessage>): void => {
    const known = lines.get(dialogId)?.get(id);
    if (known !== undefined) linesOf(dialogId).set(id, { ...known, ...changes });
    const dialog = dialogs.get(dialogId);
    if (dialog?.lastMessage?.id === id) dialogs.set(dialogId, { ...dialog, lastMessage: { ...dialog.lastMessage, ...changes } });
  };
  const forget = (dialogId: number): void => {
    dialogs.delete(dialogId);
    lines.delete(dialogId);
    latestAt.delete(dialogId);
  };

  const kinds: Readonly<Record<string, (dialogId: number, body: never) => void>> = {
    'dialog.opened': (id, body: Dialog) => {
      if (!dialogs.has(id)) know(body);
    },
    // The other one's lines have new places: what we hold of it is no longer true.
    'dialog.merged': (id, { into }: { into: number }) => {
      said(into, latestAt.get(id) ?? '');
      forget(id);
      lines.delete(into);
      onStale(into);
    },
    'message.added': (id, body: DialogMessage) => put(id, body),
    'message.edited': (id, { id: messageId, ...changes }: Pick<DialogMessage, 'id' | 'text' | 'editedAt' | 'earlierTexts'>) =>
      change(id, messageId, changes),
    'message.removed': (id, { id: messageId }: { id: number }) => {
      const left = lines.get(id);
      left?.delete(messageId);
      const dialog = dialogs.get(id);
      if (dialog?.lastMessage?.id !== messageId) return;
      const last = [...(left?.values() ?? [])].sort((a, b) => b.sequence - a.sequence)[0] ?? null;
      dialogs.set(id, { ...dialog, lastMessage: last });
    },
    'messages.status': (id, { messages }: { messages: readonly Pick<DialogMessage, 'id' | 'status'>[] }) => {
      for (const { id: messageId, status } of messages) change(id, messageId, { status });
    },
  };
  const applyAll = (entries: readonly EventEntry[]): void => {
    for (const { kind, dialogId, body } of entries) if (dialogId !== undefined) kinds[kind]?.(dialogId, body as never);
  };
  /** What was told after a list was read is newer than the list. */
  const tellAgain = (asOf: number): void => {
    for (const { sequence, entries } of told) if (sequence > asOf) applyAll(entries);
    changed();
  };

  return {
    loadDialogs(items, asOf) {
      for (const dialog of items) know(dialog);
      tellAgain(asOf);
    },
    loadLines(dialogId, messages, asOf) {
      for (const message of messages) put(dialogId, message);
      tellAgain(asOf);
    },
    apply(entries, sequence) {
      told = [...told.slice(1 - TOLD_MAX), { sequence, entries }];
      applyAll(entries);
      if (entries.length > 0) changed();
    },
    clear() {
      dialogs.clear();
      lines.clear();
      latestAt.clear();
      told = [];
      changed();
    },
    addPending(dialogId, { localId, text }) {
      pending.set(dialogId, [...(pending.get(dialogId) ?? []), { localId, text, messageId: null }]);
      changed();
    },
    arrived(localId, messageId) {
      for (const [dialogId, all] of pending) {
        const left = messageId === null ? all.filter((one) => one.localId !== localId) : all;
        pending.set(
          dialogId,
          left.map((one) => (one.localId === localId ? { ...one, messageId } : one)),
        );
      }
      changed();
    },
    dialogs() {
      // As the server's list is ordered. The last line need not be the latest: one that came again after a failure stands behind it.
      const at = ({ id }: Dialog): string => latestAt.get(id) ?? '';
      const compare = (a: string, b: string): number => (a < b ? 1 : a > b ? -1 : 0);
      return [...dialogs.values()].sort((a, b) => compare(at(a), at(b)) || b.id - a.id);
    },
    lines(dialogId) {
      const there = [...(lines.get(dialogId)?.values() ?? [])].sort((a, b) => a.sequence - b.sequence);
      const ids = new Set(there.map(({ id }) => id));
      const waiting = (pending.get(dialogId) ?? []).filter(({ messageId }) => messageId === null || !ids.has(messageId));
      return [
        ...there.map((message): Line => ({ state: 'there', message })),
        ...waiting.map(({ localId, text }): Line => ({ state: 'pending', localId, text })),
      ];
    },
    subscribe(onChange) {
      listeners.add(onChange);
      return () => listeners.delete(onChange);
    },
  };
}
