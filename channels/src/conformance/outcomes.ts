import type { ActionOutcome, SetUpStep } from '../actions.ts';
import type { SendOutcome } from '../channel.ts';
import type { OkTokenOutcome } from '../ok/ok.ts';

/** What may become of a call, each a column of the table in docs/networks.md. */
export const OUTCOMES = {
  done: 'done',
  refused: 'refused',
  passing: 'passing error',
  token: 'wrong token',
  status503: '503',
  lostBefore: 'lost before',
  lostAfter: 'lost after',
  page: 'HTML, 200',
  cut: 'cut JSON',
} as const;

export type Outcome = keyof typeof OUTCOMES;
export const OUTCOME_NAMES = Object.keys(OUTCOMES) as Outcome[];

/** What a channel made of it, whatever the form in which a method tells. */
export interface Told {
  form: 'action' | 'send' | 'promise' | 'look' | 'grant';
  kind: 'done' | 'refused' | 'passing' | 'stopped' | 'unanswered' | 'threw';
  /** What an operator would read; empty where nothing has to be said. */
  detail: string;
}

/** What the column of an outcome must say, by the form in which a method tells. */
export const EXPECTED: Readonly<Record<Told['form'], Readonly<Record<Outcome, Told['kind']>>>> = {
  // A passing failure: the caller may ask again, and hears whether it had been done.
  action: columns({ passing: 'passing', token: 'stopped', noAnswer: 'passing' }),
  // Only here it matters whether the network may have taken it: a repeat could reach somebody twice.
  send: columns({ passing: 'passing', token: 'stopped', noAnswer: 'unanswered' }),
  promise: { ...columns({ passing: 'threw', token: 'threw', noAnswer: 'threw' }), refused: 'threw' },
  look: columns({ passing: 'passing', token: 'stopped', noAnswer: 'passing' }),
  grant: columns({ passing: 'passing', token: 'refused', noAnswer: 'passing' }),
};

function columns(kinds: Record<'passing' | 'token' | 'noAnswer', Told['kind']>): Record<Outcome, Told['kind']> {
  const { passing, token, noAnswer } = kinds;
  const none = { status503: noAnswer, lostBefore: noAnswer, lostAfter: noAnswer, page: noAnswer, cut: noAnswer };
  return { done: 'done', refused: 'refused', passing, token, ...none };
}

export async function action(outcome: Promise<ActionOutcome<unknown>>): Promise<Told> {
  const told = await outcome;
  const kind = told.kind === 'failed' ? 'passing' : told.kind;
  return { form: 'action', kind, detail: told.kind === 'done' ? '' : told.detail };
}

/** Of one message, or of several that all fared alike; throws where they did not. */
export async function send(outcomes: Promise<readonly SendOutcome[]> | Promise<SendOutcome>): Promise<Told> {
  const [first, ...others] = [await outcomes].flat();
  if (first === undefined || others.some(({ kind }) => kind !== first.kind))
    throw new Error(`the messages of one call fared differently: ${JSON.stringify([first, ...others])}`);
  const detail = 'detail' in first ? (first.detail ?? '') : '';
  switch (first.kind) {
    case 'sent':
      return { form: 'send', kind: 'done', detail };
    case 'throttled':
    case 'failed':
      return { form: 'send', kind: 'passing', detail };
    default:
      return { form: 'send', kind: first.kind, detail };
  }
}

export async function promise(made: Promise<unknown>): Promise<Told> {
  try {
    await made;
    return { form: 'promise', kind: 'done', detail: '' };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { form: 'promise', kind: 'threw', detail: error.message };
  }
}

/** Of a look at a connection: the word on its token first, then whether anything is wrong. */
export async function look(made: Promise<readonly SetUpStep[]>): Promise<Told> {
  const steps = await made;
  const stateOf = (name: SetUpStep['name']) => steps.find((step) => step.name === name)?.state;
  const detail = steps.map(({ found, advice = '' }) => `${found} ${advice}`).join('\n');
  if (stateOf('token') === 'bad') return { form: 'look', kind: 'stopped', detail };
  if (stateOf('token') !== 'good') return { form: 'look', kind: 'passing', detail };
  return { form: 'look', kind: steps.some(({ state }) => state === 'bad') ? 'refused' : 'done', detail };
}

export async function grant(outcome: Promise<OkTokenOutcome>): Promise<Told> {
  const told = await outcome;
  if (told.kind === 'granted') return { form: 'grant', kind: 'done', detail: '' };
  return { form: 'grant', kind: told.kind === 'failed' ? 'passing' : 'refused', detail: told.detail };
}
