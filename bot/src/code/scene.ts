import type { Call, Content, Facts, Value } from '../model/model.ts';
import type { Option } from '../scenarios/scenarios.ts';
import type { Actions } from './context.ts';

export interface AskOptions {
  /** How many answers may be wrong before a person takes over; 2. */
  retries?: number;
  /** Said after a wrong answer. */
  retry?: string;
}

/** What a call came to; `ok` is false without an answer in time, and for any status but 2xx. */
export interface CallAnswer {
  ok: boolean;
  status?: number;
  body?: unknown;
}

type Ask<O, T> = (content: string | Content, options?: O & AskOptions) => Promise<T>;

/** What a scene gets. It outlives a restart: after each event it runs again from the top, over what is recorded. So: await every question,
 * and take what changes from one run to the next only from `person`, `now()`, `random()` and `external()`. */
export interface SceneContext<S> extends Actions {
  /** The bot's memory of the dialog, as it was when the scene began, and with what the scene has changed since. */
  readonly session: S;
  /** The person, as known when the scene began. */
  readonly person: Facts['person'];
  readonly network: Facts['network'];
  ask: {
    text: Ask<{ min?: number; max?: number }, string>;
    number: Ask<{ min?: number; max?: number }, number>;
    /** Digits of E.164 without plus. */
    phone: Ask<{ contactButton?: string }, string>;
    email: Ask<object, string>;
    /** As `2026-06-01`. */
    date: Ask<object, string>;
    /** The kind of the first attachment. */
    file: Ask<object, string>;
    /** The value of the option that was chosen; of a text, the text. */
    choice(text: string, choices: readonly (string | Pick<Option, 'label' | 'value'>)[], options?: AskOptions): Promise<string>;
  };
  call(request: Partial<Call> & { url: string; json?: unknown }): Promise<CallAnswer>;
  /** Goes on after `30s`, `10m`, `2h` or `1d`. */
  wait(duration: string): Promise<void>;
  /** Runs `work` once, and gives what came of it ever after. It must be JSON. */
  external<T extends JsonValue>(work: () => T | Promise<T>): Promise<T>;
  /** Milliseconds since 1970. */
  now(): number;
  random(): number;
}

export type JsonValue = Value | null | undefined | readonly JsonValue[] | { readonly [key: string]: JsonValue };

export type Scene<S> = (context: SceneContext<S>) => Promise<void>;
