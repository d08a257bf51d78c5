import type { Queryable } from './database.ts';

/** Does the same for each of several; the answers come in their order. */
export type ForEach<On extends Queryable, Item, Answer> = (on: On, items: readonly Item[]) => Promise<readonly Answer[]>;

interface Call<Item, Answer> {
  items: readonly Item[];
  resolve: (answers: readonly Answer[]) => void;
  reject: (error: unknown) => void;
}

/**
 * Of several who work side by side in one transaction, and come to the same step, one statement asks for all: calls in the same turn of
 * the event loop, with the same transaction, become one call of `work`. Where it throws, it throws for each of them, as the
 * transaction is over anyway. Whoever works alone has its statement to itself.
 */
export function gathered<On extends Queryable, Item, Answer>(work: ForEach<On, Item, Answer>): ForEach<On, Item, Answer> {
  const gathering = new WeakMap<On, Call<Item, Answer>[]>();

  const runTogether = async (on: On, calls: readonly Call<Item, Answer>[]): Promise<void> => {
    try {
      const answers = await work(
        on,
        calls.flatMap(({ items }) => items),
      );
      let from = 0;
      for (const { items, resolve } of calls) {
        resolve(answers.slice(from, from + items.length));
        from += items.length;
      }
    } catch (error) {
      for (const { reject } of calls) reject(error);
    }
  };

  return (on, items) =>
    new Promise((resolve, reject) => {
      const call = { items, resolve, reject };
      const together = gathering.get(on);
      if (together !== undefined) return void together.push(call);
      const calls = [call];
      gathering.set(on, calls);
      // Promises are settled before: who was answered together has asked its next question by then.
      setImmediate(() => {
        gathering.delete(on);
        void runTogether(on, calls);
      });
    });
}

/** The same for those who ask for one thing at a time. */
export function gatheredOne<On extends Queryable, Item, Answer>(
  work: ForEach<On, Item, Answer>,
): (on: On, item: Item) => Promise<Answer> {
  const together = gathered(work);
  return async (on, item) => (await together(on, [item]))[0] as Answer;
}

/** Rows that say whom they answer, counted from 1 on as `with ordinality` does, in the order of those who asked; null where there is none. */
export function inOrderAsked<Row extends object>(rows: readonly (Row & { position: number })[], asked: number): (Row | null)[] {
  const answers = Array<Row | null>(asked).fill(null);
  for (const { position, ...row } of rows) answers[position - 1] = row as unknown as Row;
  return answers;
}
