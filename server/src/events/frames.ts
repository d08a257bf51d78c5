import { type EventEntry, isVisible, type Viewer } from './viewer.ts';

/** One row of the log. */
export interface LogRow {
  sequence: number;
  /** JSON text of its entries. */
  entries: string;
}

/** Why a cursor cannot be gone on from: the events behind it are gone, or it is of another history than this one. */
export type ResetReason = 'expired' | 'ahead';

/** What a viewer hears after its cursor. */
export interface Frame {
  type: 'event' | 'reset';
  /** The cursor of whoever has read it. */
  sequence: number;
  /** Nothing in it but the cursor. */
  isEmpty: boolean;
  /** As it is sent, JSON in UTF-8. The same buffer for all who see the same: nobody may write into it. */
  bytes: Buffer;
}

/** Rows of one account in the order of their numbers, written once for however many viewers. */
export interface FrameSource {
  /** The number of the last row. */
  sequence: number;
  /** What `viewer` sees of the rows, as a frame that goes on from `after`; `audience` is `audienceOf` the viewer. */
  frameFor(viewer: Viewer, audience: string, after: number): Frame;
}

export function createFrameSource(rows: readonly LogRow[]): FrameSource {
  const sequence = rows.at(-1)?.sequence;
  if (sequence === undefined) throw new Error('a frame was asked for without a row');
  const entries = rows.flatMap(({ entries: text }) => (JSON.parse(text) as EventEntry[]).map(readEntry));
  const written = new Map<string, Frame>();
  return {
    sequence,
    frameFor(viewer, audience, after) {
      const key = `${after} ${audience}`;
      let frame = written.get(key);
      if (frame === undefined) {
        const visible = entries.filter(({ entry }) => isVisible(entry, viewer));
        frame = eventFrame(
          after,
          sequence,
          visible.map(({ text }) => text),
        );
        written.set(key, frame);
      }
      return frame;
    },
  };
}

/** A frame that only moves the cursor, or only says that the line is alive where both numbers are the same. */
export function cursorFrame(after: number, sequence: number): Frame {
  return eventFrame(after, sequence, []);
}

export function resetFrame(asOf: number, reason: ResetReason): Frame {
  const bytes = Buffer.from(JSON.stringify({ type: 'reset', asOf, reason }));
  return { type: 'reset', sequence: asOf, isEmpty: false, bytes };
}

function eventFrame(after: number, sequence: number, entries: readonly string[]): Frame {
  const bytes = Buffer.from(`{"type":"event","sequence":${sequence},"after":${after},"entries":[${entries.join(',')}]}`);
  return { type: 'event', sequence, isEmpty: entries.length === 0, bytes };
}

// Whom an entry is for is ours to know: an operator sees neither the others' numbers nor which groups there are.
function readEntry(entry: EventEntry): { entry: EventEntry; text: string } {
  const { kind, dialogId, body } = entry;
  return { entry, text: JSON.stringify({ kind, ...(dialogId !== undefined && { dialogId }), body }) };
}
