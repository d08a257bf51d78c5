import type { Database, Queryable, Statement } from '../src/platform/database.ts';

/** A database as one process sees it: a test can stop that process at any statement, as a kill or a long pause does. */
export interface FreezableDatabase extends Database {
  /** From now on nothing this process asks is asked, until it is let go on. */
  freeze(): void;
  /** The same before the next statement of this name; resolves when it has come. */
  freezeAt(statementName: string): Promise<void>;
  thaw(): void;
  /** The next commit is carried out, but the process is told that its connection broke. */
  loseNextCommitAfter(statementName: string): void;
}

export function createFreezableDatabase(database: Database): FreezableDatabase {
  let thawed: Promise<void> = Promise.resolve();
  let letGo: () => void = () => {};
  let trap: { name: string; sprung: () => void } | undefined;
  let commitToLose: string | undefined;

  const freeze = (): void => {
    thawed = new Promise((resolve) => {
      letGo = resolve;
    });
  };
  const pass = async ({ name }: Statement): Promise<void> => {
    if (trap?.name === name) {
      freeze();
      trap.sprung();
      trap = undefined;
    }
    await thawed;
  };
  const over = (queryable: Queryable, onStatement: (statement: Statement) => void = () => {}): Queryable => ({
    async rows(statement, values) {
      await pass(statement);
      onStatement(statement);
      return queryable.rows(statement, values);
    },
    async run(statement, values) {
      await pass(statement);
      onStatement(statement);
      return queryable.run(statement, values);
    },
  });

  return {
    ...over(database),
    async transaction(work) {
      await thawed;
      let lost = false;
      const result = await database.transaction((tx) =>
        work({
          ...tx,
          ...over(tx, ({ name }) => {
            if (name !== commitToLose) return;
            commitToLose = undefined;
            lost = true;
          }),
        }),
      );
      await thawed;
      if (lost) throw Object.assign(new Error('Connection terminated unexpectedly'), { code: 'ECONNRESET' });
      return result;
    },
    listen: (channel, onNotice) => database.listen(channel, onNotice),
    close: () => database.close(),
    freeze,
    freezeAt: (name) =>
      new Promise((sprung) => {
        trap = { name, sprung };
      }),
    thaw: () => letGo(),
    loseNextCommitAfter(name) {
      commitToLose = name;
    },
  };
}
