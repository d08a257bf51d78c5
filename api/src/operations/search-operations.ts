import { Type } from 'typebox';
import { listOf } from '../answers.ts';
import { FoundMessages, FoundPerson } from '../search.ts';
import { cursor, type Operation } from './operation.ts';

const limit = Type.Integer({ minimum: 1, maximum: 100, default: 20 });
const words = (description: string, example: string) =>
  Type.String({ minLength: 2, maxLength: 200, description, examples: [example] });

/** Finding again what was said, and who said it. */
export const SEARCH_OPERATIONS = {
  searchMessages: {
    method: 'GET',
    path: '/v1/search/messages',
    right: 'dialogs',
    refusals: 'error',
    tag: 'Dialogs',
    summary: 'Find words in dialogs',
    description: 'Newest first, in any form of the word; notifications are left out. Only in dialogs that the caller sees.',
    query: {
      q: words('Required. Words, "words in a row", -without; the last one may be unfinished.', 'доставка'),
      dialogId: Type.Integer({ minimum: 1, description: 'Only in this dialog.' }),
      limit,
      cursor,
    },
    answer: { description: 'A page of lines.', schema: FoundMessages },
    errors: ['parameter.invalid', 'search.too.wide'],
  },
  searchPeople: {
    method: 'GET',
    path: '/v1/search/people',
    right: 'dialogs',
    refusals: 'error',
    tag: 'Dialogs',
    summary: 'Find people by name or phone',
    description: 'Whoever spoke last first: one item for each dialog of a person.',
    query: { q: words('Required. A part of a name, or at least three digits of a phone.', 'Анна'), limit, cursor },
    answer: { description: 'A page of people.', schema: listOf(FoundPerson) },
    errors: ['parameter.invalid', 'search.too.wide'],
  },
} as const satisfies Record<string, Operation>;
