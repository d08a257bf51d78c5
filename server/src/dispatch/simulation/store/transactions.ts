/** A row that somebody may hold. What its holder wrote is seen by nobody else before the commit. */
export interface Cell<Row> {
  readonly table: string;
  committed: Row | null;
  /** As its holder sees it; null once it is deleted. */
  pending: Row | null;
  holder: Transaction | null;
  /** Who wants it, in the order they came. */
  readonly waiting: { by: Transaction; proceed(): void }[];
  /** Takes an inserted row that is not to be, or a deleted one, out of its table. */
  forget(): void;
}

export interface Table<Key, Row> {
  readonly name: string;
  readonly cells: Map<Key, Cell<Row>>;
}

/** One row that a commit changed. */
export interface RowChange {
  table: string;
  before: unknown;
  after: unknown;
}

/** Read committed, as PostgreSQL does it: each statement sees what is committed when it runs, and its own transaction's writes. */
export interface Transaction {
  /** What the simulation calls whoever opened it. */
  readonly by: string;
  /** When it began: PostgreSQL's now() is the same in all of its statements. */
  readonly now: number;
  readonly held: Set<Cell<unknown>>;
  /** The row it waits for. */
  wants: Cell<unknown> | null;
  /** Told to listeners at the commit. */
  readonly notices: string[];
  over: boolean;
}

export function createTable<Key, Row>(name: string): Table<Key, Row> {
  return { name, cells: new Map() };
}

export function openTransaction(by: string, now: number): Transaction {
  return { by, now, held: new Set(), wants: null, notices: [], over: false };
}

/** The row as the transaction sees it; null where it sees none. */
export function seen<Row>(tx: Transaction, cell: Cell<Row> | undefined): Row | null {
  if (cell === undefined) return null;
  return cell.holder === tx ? cell.pending : cell.committed;
}

/** All rows that the transaction sees, as they are. */
export function rowsOf<Key, Row>(tx: Transaction, table: Table<Key, Row>): Row[] {
  const rows: Row[] = [];
  for (const cell of table.cells.values()) {
    const row = cell.holder === tx ? cell.pending : cell.committed;
    if (row !== null) rows.push(row);
  }
  return rows;
}

/** Cells whose rows the transaction sees and that fit. */
export function cellsWhere<Key, Row>(tx: Transaction, table: Table<Key, Row>, fits: (row: Row) => boolean): Cell<Row>[] {
  const found: Cell<Row>[] = [];
  for (const cell of table.cells.values()) {
    const row = seen(tx, cell);
    if (row !== null && fits(row)) found.push(cell);
  }
  return found;
}

/** `for update skip locked limit max`: of those nobody else holds. */
export function holdFree<Row>(tx: Transaction, cells: readonly Cell<Row>[], max: number): Row[] {
  const rows: Row[] = [];
  for (const cell of cells) {
    if (rows.length === max) break;
    if (isOthers(tx, cell)) continue;
    hold(tx, cell);
    if (cell.pending !== null) rows.push(cell.pending);
  }
  return rows;
}

/**
 * `for update`: one after the other, waiting for whoever holds one, and looking at it again after the wait as PostgreSQL does.
 * A promise only where there is something to wait for, which is seldom, and promises are most of what a statement costs.
 */
export function holdAll<Row>(tx: Transaction, cells: readonly Cell<Row>[], fits: (row: Row) => boolean): Row[] | Promise<Row[]> {
  const rows: Row[] = [];
  for (const [index, cell] of cells.entries()) {
    if (isOthers(tx, cell))
      return waitFor(tx, cell)
        .then(() => holdAll(tx, cells.slice(index), fits))
        .then((rest) => [...rows, ...rest]);
    hold(tx, cell);
    if (cell.pending !== null && fits(cell.pending)) rows.push(cell.pending);
  }
  return rows;
}

/** Writes a row, inserting it where there is none; null deletes. Waits like any update. */
export function write<Key, Row>(tx: Transaction, table: Table<Key, Row>, key: Key, row: Row | null): void | Promise<void> {
  const cell = cellOf(table, key);
  const put = (): void => {
    cell.pending = row;
  };
  if (isOthers(tx, cell)) return waitFor(tx, cell).then(put);
  hold(tx, cell);
  put();
}

const isOthers = <Row>(tx: Transaction, { holder }: Cell<Row>): boolean => holder !== null && holder !== tx;

function cellOf<Key, Row>(table: Table<Key, Row>, key: Key): Cell<Row> {
  const known = table.cells.get(key);
  if (known !== undefined) return known;
  const cell: Cell<Row> = {
    table: table.name,
    committed: null,
    pending: null,
    holder: null,
    waiting: [],
    forget: () => table.cells.delete(key),
  };
  table.cells.set(key, cell);
  return cell;
}

function hold<Row>(tx: Transaction, cell: Cell<Row>): void {
  if (cell.holder === tx) return;
  cell.holder = tx;
  cell.pending = cell.committed;
  tx.held.add(cell as Cell<unknown>);
}

export function databaseError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

function waitFor<Row>(tx: Transaction, cell: Cell<Row>): Promise<void> {
  for (let other = cell.holder; other !== null; other = other.wants?.holder ?? null)
    if (other === tx) throw databaseError('40P01', 'deadlock detected');
  tx.wants = cell as Cell<unknown>;
  return new Promise((resolve) => {
    cell.waiting.push({
      by: tx,
      proceed() {
        tx.wants = null;
        hold(tx, cell);
        resolve();
      },
    });
  });
}

/** What the transaction changed, in the order it first touched the rows; everybody sees it from now on. */
export function commit(tx: Transaction): RowChange[] {
  const changes: RowChange[] = [];
  for (const cell of tx.held) {
    if (cell.pending === cell.committed) continue;
    changes.push({ table: cell.table, before: cell.committed, after: cell.pending });
    cell.committed = cell.pending;
  }
  end(tx);
  return changes;
}

/** As if it had never been; a statement of it that waits for a row waits for ever. */
export function rollBack(tx: Transaction): void {
  end(tx);
}

function end(tx: Transaction): void {
  tx.over = true;
  const wanted = tx.wants;
  if (wanted !== null) {
    const place = wanted.waiting.findIndex(({ by }) => by === tx);
    if (place >= 0) wanted.waiting.splice(place, 1);
    tx.wants = null;
  }
  for (const cell of tx.held) {
    cell.holder = null;
    cell.pending = null;
    const next = cell.waiting.shift();
    if (next !== undefined) next.proceed();
    else if (cell.committed === null) cell.forget();
  }
  tx.held.clear();
}
