import type { Database, Queryable } from '../platform/database.ts';

/** A row of a file: short enough to be held in memory, long enough that a file is few of them (docs/decisions/0016). */
export const PART_BYTES = 256 * 1_024;

const SQL = {
  add: { name: 'file_part_add', text: 'insert into file_part (file_id, number, bytes) values ($1, $2, $3)' },
  get: { name: 'file_part_get', text: 'select bytes from file_part where file_id = $1 and number = $2' },
} as const;

/** Bytes in pieces of exactly `PART_BYTES`, the last one shorter. */
async function* inParts(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let heldBytes = 0;
  for await (const chunk of source) {
    held.push(chunk);
    heldBytes += chunk.length;
    if (heldBytes < PART_BYTES) continue;
    let whole = Buffer.concat(held);
    for (; whole.length >= PART_BYTES; whole = whole.subarray(PART_BYTES)) yield whole.subarray(0, PART_BYTES);
    held = [whole];
    heldBytes = whole.length;
  }
  if (heldBytes > 0) yield Buffer.concat(held);
}

/** Stores the bytes as they come, each part by itself: a slow sender must hold no transaction. `onPart` may throw to end it. */
export async function writeParts(
  database: Queryable,
  fileId: number,
  source: AsyncIterable<Buffer>,
  onPart: (part: Buffer, number: number) => void,
): Promise<void> {
  let number = 0;
  for await (const part of inParts(source)) {
    onPart(part, number);
    await database.run(SQL.add, [fileId, number, part]);
    number += 1;
  }
}

/** The bytes from `first` to `last`, both included, part by part. Throws where the file is removed meanwhile. */
export async function* readParts(database: Database, fileId: number, first: number, last: number): AsyncGenerator<Buffer> {
  for (let number = Math.floor(first / PART_BYTES); number * PART_BYTES <= last; number += 1) {
    const [row] = await database.rows<{ bytes: Buffer }>(SQL.get, [fileId, number]);
    if (row === undefined) throw new Error(`part ${number} of file ${fileId} is gone`);
    const start = number * PART_BYTES;
    yield row.bytes.subarray(Math.max(0, first - start), last - start + 1);
  }
}
