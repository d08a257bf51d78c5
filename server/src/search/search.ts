import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';
import { type FoundMessages, type MessageQuestion, searchMessages } from './message-search.ts';
import { type FoundPerson, type PeopleQuestion, searchPeople } from './people-search.ts';

export type { FoundMessage, FoundMessages, MessageQuestion } from './message-search.ts';
export type { FoundPerson, PeopleQuestion } from './people-search.ts';

/** Search over what was said, and over who said it: only in dialogs that the asker sees. */
export interface Search {
  /** Newest first; within `SEARCH_BUDGET_MS`, and said where that was too short. */
  messages(question: MessageQuestion): Promise<FoundMessages>;
  /** One more than the page where there is a next one. Throws `search.too.wide` where it took too long. */
  people(question: PeopleQuestion): Promise<FoundPerson[]>;
}

/** Nobody waits for longer while typing. */
export const SEARCH_BUDGET_MS = 1_500;
/** Of one statement: a stretch of the index, or the people of a name. */
const STATEMENT_TIMEOUT_MS = 3_000;
const LIMIT_TIME = { name: 'search_limit_time', text: `select set_config('statement_timeout', $1, true)` };
const STATEMENT_TIMED_OUT = '57014';

/** `statementTimeoutMs`: of one look, 3 s. */
export function createSearch({
  database,
  clock,
  statementTimeoutMs = STATEMENT_TIMEOUT_MS,
}: {
  database: Database;
  clock: Clock;
  statementTimeoutMs?: number;
}): Search {
  const within = async <Result>(work: (on: Database) => Promise<Result>): Promise<Result> => {
    try {
      return await database.transaction(async (tx) => {
        await tx.rows(LIMIT_TIME, [String(statementTimeoutMs)]);
        return work({ ...database, rows: tx.rows, run: tx.run });
      });
    } catch (error) {
      if ((error as { code?: unknown }).code !== STATEMENT_TIMED_OUT) throw error;
      throw new AppError('search.too.wide', 'looking through took longer than anybody waits', { cause: error });
    }
  };
  return {
    messages: (question) => within((on) => searchMessages({ database: on, clock }, question, SEARCH_BUDGET_MS)),
    people: (question) => within((on) => searchPeople(on, question)),
  };
}
