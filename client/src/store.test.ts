import type { Dialog, DialogMessage, EventEntry } from '@soroka/api';
import { beforeEach, expect, test } from 'vitest';
import { createDialogStore, createUnreadCounters, type DialogStore } from './client.ts';

const time = (second: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
const line = (id: number, sequence: number, more: Partial<DialogMessage> = {}): DialogMessage => ({
  ...{ id, sequence, kind: 'message', direction: 'in', text: `line ${id}`, source: 'person', messageTag: null, author: null },
  ...{
    payload: null,
    keyboard: null,
    createdAt: time(sequence),
    editedAt: null,
    earlierTexts: null,
    status: null,
    operatorId: null,
  },
  ...{ attachments: [], localId: null, replyTo: null, deletedAt: null },
  ...more,
});
const dialog = (id: number, lastMessage: DialogMessage | null = null): Dialog => ({
  ...{ id, channel: 'VK', groupId: '1', kind: 'person', title: null, pictureUrl: null, contact: null, lastMessage },
  createdAt: time(0),
});
const added = (dialogId: number, body: DialogMessage): EventEntry => ({ kind: 'message.added', dialogId, body });

let store: DialogStore;
let stale: number[];
beforeEach(() => {
  stale = [];
  store = createDialogStore({ onStale: (dialogId) => stale.push(dialogId) });
});
const shown = (dialogId: number): unknown[] =>
  store.lines(dialogId).map((one) => (one.state === 'there' ? one.message.id : one.localId));

test('lines stand by their places, whatever order they come in, and one that comes twice stands once', () => {
  store.apply([added(7, line(12, 3)), added(7, line(10, 1))], 1);
  store.loadLines(7, [line(11, 2), line(10, 1)], 0);
  store.apply([added(7, line(12, 3))], 1);
  expect(shown(7)).toEqual([10, 11, 12]);
});

test('a list that was read before an event does not undo it', () => {
  store.loadDialogs([dialog(7, line(10, 1, { status: 'QUEUED' }))], 1);
  store.loadLines(7, [line(10, 1, { status: 'QUEUED' })], 1);
  store.apply([{ kind: 'messages.status', dialogId: 7, body: { messages: [{ id: 10, status: 'READ' }] } }], 2);
  store.loadLines(7, [line(10, 1, { status: 'SENT' })], 1);
  store.loadDialogs([dialog(7, line(10, 1, { status: 'SENT' }))], 1);
  expect(store.lines(7)).toMatchObject([{ message: { status: 'READ' } }]);
  expect(store.dialogs()).toMatchObject([{ lastMessage: { status: 'READ' } }]);
});

test('the dialog with the newest line comes first, and shows it', () => {
  store.apply([{ kind: 'dialog.opened', dialogId: 7, body: dialog(7) }], 1);
  store.apply([{ kind: 'dialog.opened', dialogId: 8, body: dialog(8) }, added(8, line(20, 1))], 2);
  store.apply([added(7, line(10, 5))], 3);
  expect(store.dialogs().map(({ id, lastMessage }) => [id, lastMessage?.id])).toEqual([
    [7, 10],
    [8, 20],
  ]);
});

test('a line that is taken away, as the echo of one of ours is, does not move its dialog: the list of the server is not reordered by it', () => {
  store.apply([{ kind: 'dialog.opened', dialogId: 7, body: dialog(7) }, added(7, line(10, 1)), added(7, line(11, 5))], 1);
  store.apply([{ kind: 'dialog.opened', dialogId: 8, body: dialog(8) }, added(8, line(20, 3))], 2);
  store.apply([{ kind: 'message.removed', dialogId: 7, body: { id: 11 } }], 3);
  expect(store.dialogs().map(({ id, lastMessage }) => [id, lastMessage?.id])).toEqual([
    [7, 10],
    [8, 20],
  ]);
});

test('a line that was late does not move its dialog down: its latest line counts, as in the list of the server', () => {
  store.apply([{ kind: 'dialog.opened', dialogId: 7, body: dialog(7) }, added(7, line(10, 1, { createdAt: time(9) }))], 1);
  store.apply([{ kind: 'dialog.opened', dialogId: 8, body: dialog(8) }, added(8, line(20, 1, { createdAt: time(5) }))], 2);
  store.apply([added(7, line(11, 2, { createdAt: time(3) }))], 3);
  expect(store.dialogs().map(({ id, lastMessage }) => [id, lastMessage?.id])).toEqual([
    [7, 11],
    [8, 20],
  ]);
});

test('what is edited changes where it stands; kinds that nobody knows are passed over', () => {
  store.apply([added(7, line(10, 1))], 1);
  store.apply(
    [{ kind: 'message.edited', dialogId: 7, body: { id: 10, text: 'mended', editedAt: time(9), earlierTexts: [] } }],
    2,
  );
  store.apply(
    [
      { kind: 'of.tomorrow', dialogId: 7, body: {} },
      { kind: 'of.tomorrow', body: {} },
    ],
    3,
  );
  expect(store.lines(7)).toMatchObject([{ message: { text: 'mended', sequence: 1 } }]);
});

test('what is pending stands at the end until the line that it became is here: never twice, never not at all', () => {
  store.apply([added(7, line(10, 1))], 1);
  store.addPending(7, { localId: 'a', text: 'hello' });
  store.addPending(7, { localId: 'b', text: 'again' });
  store.apply([added(7, line(11, 2))], 2);
  expect(shown(7)).toEqual([10, 11, 'a', 'b']);
  store.arrived('a', 12);
  expect(shown(7)).toEqual([10, 11, 'a', 'b']);
  store.apply([added(7, line(12, 3, { direction: 'out' }))], 3);
  expect(shown(7)).toEqual([10, 11, 12, 'b']);
  store.arrived('b', null);
  expect(shown(7)).toEqual([10, 11, 12]);
});

test('two dialogs that became one: the one is gone, the lines of the other are asked for anew', () => {
  store.loadDialogs([dialog(7), dialog(8)], 0);
  store.apply([added(7, line(10, 1)), added(8, line(20, 1))], 1);
  store.apply([{ kind: 'dialog.merged', dialogId: 8, body: { into: 7 } }], 2);
  expect(store.dialogs().map(({ id }) => id)).toEqual([7]);
  expect({ stale, lines: shown(7) }).toEqual({ stale: [7], lines: [] });
});

test('whoever listens hears of each change, until they leave', () => {
  let changes = 0;
  const leave = store.subscribe(() => {
    changes += 1;
  });
  store.apply([added(7, line(10, 1))], 1);
  store.apply([], 2);
  leave();
  store.apply([added(7, line(11, 2))], 3);
  expect(changes).toBe(1);
});

test('unread lines are those of the person behind the place that was read, on whichever device', () => {
  const synced: [number, number][] = [];
  const unread = createUnreadCounters({ sync: (...place) => synced.push(place) });
  const lines = [line(9, -1), line(10, 1), line(11, 2, { direction: 'out' }), line(12, 3)];
  expect(unread.count(7, lines)).toBe(2);
  unread.read(7, 1);
  unread.read(7, 1);
  unread.known(7, 0);
  expect(unread.count(7, lines)).toBe(1);
  unread.known(7, 3);
  expect(unread.count(7, lines)).toBe(0);
  unread.unreadFrom(7, 3);
  expect(unread.count(7, lines)).toBe(1);
  expect(synced).toEqual([
    [7, 1],
    [7, 2],
  ]);
});

test('the line before which "new" stands does not move while the dialog is open', () => {
  const unread = createUnreadCounters({ sync: () => {} });
  const lines = [line(10, 1), line(11, 2)];
  unread.read(7, 1);
  expect(unread.divider(7, lines)).toBeNull();
  unread.open(7);
  unread.read(7, 2);
  expect(unread.divider(7, [...lines, line(12, 3)])).toBe(2);
  unread.leave(7);
  unread.open(7);
  expect(unread.divider(7, [...lines, line(12, 3)])).toBe(3);
});
