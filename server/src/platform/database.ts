import pg from 'pg';

// Our ids stay below 2^53 by the sequence's maxvalue; a larger bigint must fail loudly instead of rounding.
const types = new pg.TypeOverrides();
types.setTypeParser(pg.types.builtins.INT8, (text) => {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`a bigint of ${text.length} digits does not fit a number`);
  return value;
});
// json stays text: callbackData and template data are echoed byte for byte. jsonb is parsed.
types.setTypeParser(pg.types.builtins.JSON, (text) => text);

/** A query with a name: prepared once per connection. The name must be unique in the program. */
export interface Statement {
  name: string;
  text: string;
}

export interface Queryable {
  /** Rows as objects. bigint columns are numbers (a value beyond 2^53 throws), `json` is text, `jsonb` parsed, `timestamptz` a Date. */
  rows<Row extends object>(statement: Statement, values?: readonly unknown[]): Promise<Row[]>;
  /** Runs it for its effect; the number of rows it touched. */
  run(statement: Statement, values?: readonly unknown[]): Promise<number>;
}

/** What `work` of a transaction is given, besides its statements: what belongs to the end of it. */
export interface Transaction extends Queryable {
  /**
   * Runs when `work` is done, still inside; in the order given, and what it adds itself follows. Where it throws, all is rolled back.
   * For rows that many transactions want: held from here, they are held for as long as a commit takes.
   */
  beforeCommit(work: () => Promise<void>): void;
  /** Runs once others can see what was written, and never after a rollback. It must not throw. */
  afterCommit(tell: () => void): void;
}

export interface Database extends Queryable {
  /** Read committed. Rolled back when `work` throws; the error is passed on. */
  transaction<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result>;
  /** Calls back for each NOTIFY on the channel; reconnects by itself. Only a wake-up: notices may be lost. */
  listen(channel: string, onNotice: (payload: string) => void): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

const over = (client: pg.Pool | pg.PoolClient): Queryable => ({
  async rows<Row extends object>(statement: Statement, values: readonly unknown[] = []) {
    const result = await client.query<Row>({ name: statement.name, text: statement.text, values: values as unknown[], types });
    return result.rows;
  },
  async run(statement, values = []) {
    const result = await client.query({ name: statement.name, text: statement.text, values: values as unknown[], types });
    return result.rowCount ?? 0;
  },
});

/** Whoever works side by side in one transaction: a connection takes one statement at a time. */
function inTurn(queryable: Queryable): Queryable {
  let last: Promise<unknown> = Promise.resolve();
  const after = <Result>(statement: () => Promise<Result>): Promise<Result> => {
    const next = last.then(statement, statement);
    last = next;
    return next;
  };
  return {
    rows: (statement, values) => after(() => queryable.rows(statement, values)),
    run: (statement, values) => after(() => queryable.run(statement, values)),
  };
}

/** What was asked for at the end of one transaction; whoever makes transactions runs both at their times. */
export interface TransactionEnd extends Pick<Transaction, 'beforeCommit' | 'afterCommit'> {
  runBeforeCommit(): Promise<void>;
  runAfterCommit(): void;
}

export function createTransactionEnd(): TransactionEnd {
  const works: (() => Promise<void>)[] = [];
  const tells: (() => void)[] = [];
  return {
    beforeCommit: (work) => void works.push(work),
    afterCommit: (tell) => void tells.push(tell),
    async runBeforeCommit() {
      for (let work = works.shift(); work !== undefined; work = works.shift()) await work();
    },
    runAfterCommit() {
      for (const tell of tells) tell();
    },
  };
}

/** SQLSTATE classes and socket errors after which nothing is known to be wrong with the query: the server is away. */
export function isDatabaseAway(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code !== 'string') {
    const message = error instanceof Error ? error.message : '';
    return /Connection terminated|Query read timeout|timeout exceeded when trying to connect|Client has encountered a connection error/.test(
      message,
    );
  }
  return (
    /^(08|57P|53|57014|25P03)/.test(code) || // the last two: our own time-outs, see DatabaseOptions
    ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOENT', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN'].includes(code)
  );
}

// Tables are empty when a server begins, and then a plan that reads the whole table looks best. PostgreSQL keeps the plan of a prepared
// statement until the next analyze, minutes into a load: it is left the indexes alone, which every statement of ours has.
const PLAN_BY_INDEXES = { options: '-c enable_seqscan=off -c enable_mergejoin=off' } as const;

export interface DatabaseOptions {
  connectionsMax?: number;
  /**
   * A statement without an answer for so long is given up, and its connection closed: the way to the database may be cut without
   * either side having been told. PostgreSQL, too, ends a statement after it, and a transaction that stands idle after 4 s at most:
   * both would hold their locks for ever. Without it both wait.
   */
  timeoutMs?: number;
  onError?: (error: Error) => void;
}

// The first probe of a silent connection by the kernel; Linux waits two hours otherwise. Later ones follow each second (libuv).
const KEEP_ALIVE = { keepAlive: true, keepAliveInitialDelayMillis: 10_000 } as const;

// Below the lease of a lane: a process that stands still in the middle of a transaction must not keep others from its lanes. Between
// two statements of one transaction we wait for nobody.
const IDLE_TRANSACTION_MAX_MS = 4_000;

const timeoutsOf = (timeoutMs: number) => ({
  query_timeout: timeoutMs,
  statement_timeout: timeoutMs,
  idle_in_transaction_session_timeout: Math.min(timeoutMs, IDLE_TRANSACTION_MAX_MS),
});

/** Opens a pool; connects lazily, so a database that is away shows with the first query. */
export function openDatabase(url: string, options: DatabaseOptions = {}): Database {
  const { timeoutMs } = options;
  const pool = new pg.Pool({
    connectionString: url,
    max: options.connectionsMax ?? 16,
    connectionTimeoutMillis: 5_000,
    application_name: 'soroka',
    ...KEEP_ALIVE,
    ...PLAN_BY_INDEXES,
    ...(timeoutMs === undefined ? {} : timeoutsOf(timeoutMs)),
  });
  // An idle connection that breaks is replaced by the pool; without a listener the error would end the process.
  pool.on('error', (error) => options.onError?.(error));
  // The pool's own listener is away while a connection is in use, and ours comes a turn later: an end that PostgreSQL announces right
  // behind its greeting would find none. The statements of the connection fail by themselves.
  pool.on('connect', (client) => client.on('error', () => {}));

  return {
    ...over(pool),
    async transaction(work) {
      const client = await pool.connect();
      let broken: Error | undefined;
      const onError = (error: Error) => {
        broken = error;
      };
      client.on('error', onError);
      try {
        await client.query('begin');
        const end = createTransactionEnd();
        const result = await work({ ...inTurn(over(client)), ...end });
        await end.runBeforeCommit();
        await client.query('commit');
        end.runAfterCommit();
        return result;
      } catch (error) {
        // Where nothing was answered, nothing will be: PostgreSQL rolls back when the connection is gone.
        if (isSilence(error)) broken ??= error;
        else {
          await client.query('rollback').catch((failure: Error) => {
            broken ??= failure;
          });
        }
        throw error;
      } finally {
        client.removeListener('error', onError);
        client.release(broken);
      }
    },
    listen: (channel, onNotice) => listen(url, channel, onNotice, options),
    close: () => pool.end(),
  };
}

/** The driver's word for a statement without an answer within `query_timeout`. */
function isSilence(error: unknown): error is Error {
  return error instanceof Error && error.message === 'Query read timeout';
}

async function listen(
  url: string,
  channel: string,
  onNotice: (payload: string) => void,
  { timeoutMs, onError }: Pick<DatabaseOptions, 'timeoutMs' | 'onError'>,
) {
  const retryAfterMs = 1_000;
  let client: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const connect = async (): Promise<void> => {
    const next = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: 5_000,
      application_name: 'soroka listen',
      ...KEEP_ALIVE,
      ...(timeoutMs === undefined ? {} : { query_timeout: timeoutMs }),
    });
    const lost = (error?: Error) => {
      if (client !== next) return;
      clearTimeout(timer);
      client = undefined;
      if (error !== undefined) onError?.(error);
      if (!stopped) timer = setTimeout(() => connect().catch((failure: Error) => again(failure)), retryAfterMs);
    };
    const again = (failure: Error) => {
      onError?.(failure);
      if (!stopped) timer = setTimeout(() => connect().catch(again), retryAfterMs);
    };
    next.on('error', lost);
    next.on('end', () => lost());
    next.on('notification', ({ payload }) => onNotice(payload ?? ''));
    await next.connect();
    await next.query(`listen ${pg.escapeIdentifier(channel)}`).catch((error: unknown) => {
      void next.end();
      throw error;
    });
    client = next;
    if (timeoutMs !== undefined) probe(next, timeoutMs);
  };
  /** Nothing to hear may also mean that nothing can be heard: a connection that does not answer is closed, and opened anew. */
  const probe = (current: pg.Client, everyMs: number): void => {
    timer = setTimeout(async () => {
      await current.query('select 1').then(
        () => {
          if (client === current) probe(current, everyMs);
        },
        () => current.end(),
      );
    }, everyMs);
  };
  await connect();
  return async () => {
    stopped = true;
    clearTimeout(timer);
    await client?.end();
  };
}
