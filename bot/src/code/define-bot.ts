import { RE2JS } from 're2js';
import { type Bot, readBot } from '../definition/definition.ts';
import {
  canonicalJson,
  canonicalPayload,
  fold,
  hasKeyword,
  type KeywordMode,
  phrasesOf,
  readText,
} from '../matching/matching.ts';
import type { BotEvent, EventKind } from '../model/model.ts';
import { startOf } from '../rules/rules.ts';
import type { Context } from './context.ts';
import type { Scene } from './scene.ts';

// The names in `b.hear` and `b.on…` are those that authors of bots know from vk-io and grammY.

type Handle<S, K extends EventKind> = (context: Context<S, K>) => void | Promise<void>;
/** Words in any form of theirs, an expression (run by RE2: no look-around, no back-references), or a list of such. */
export type Heard = string | RegExp | { any: readonly string[]; mode: KeywordMode } | readonly (string | RegExp)[];
/** Runs around the handlers of one event; without `next()` they do not run. Scenes that wait are not behind it. */
export type Middleware<S> = (context: Context<S>, next: () => Promise<void>) => void | Promise<void>;

export interface Handler<S> {
  name: string;
  fits(event: BotEvent): boolean;
  handle: Handle<S, EventKind>;
}

/** What the function given to `defineBot` is handed. */
export interface BotBuilder<S> {
  hear(heard: Heard, handle: Handle<S, 'message'>): void;
  /** The Start button or any link; with `ref`, a link that carries exactly it. */
  onStart(handle: Handle<S, EventKind>): void;
  onStart(ref: string, handle: Handle<S, EventKind>): void;
  /** A button with this payload; any JSON value. */
  onButton(payload: unknown, handle: Handle<S, 'message' | 'button'>): void;
  onEvent<K extends EventKind>(kind: K, handle: Handle<S, K>): void;
  use(middleware: Middleware<S>): void;
  /** A conversation of several questions, as one function. */
  scene(name: string, scene: Scene<S>): void;
  /** Rules and scenarios of a file; they hear what no handler does. */
  include(bot: Bot): void;
}

export interface CodeBot<S = unknown> {
  version: string;
  handlers: readonly Handler<S>[];
  middleware: readonly Middleware<S>[];
  scenes: ReadonlyMap<string, Scene<S>>;
  newSession(): S;
  /** Stop words, texts, and what an included file brings. */
  base: Bot;
}

/**
 * A bot in code. Handlers are tried in the order in which they were given; the first that fits answers. Throws `TypeError` where a
 * name is given twice, or an expression is none that RE2 knows.
 */
export function defineBot<S = Record<string, never>>(
  build: (builder: BotBuilder<S>) => void,
  { version = '1', session }: { version?: string; session?: () => S } = {},
): CodeBot<S> {
  const handlers: Handler<S>[] = [];
  const middleware: Middleware<S>[] = [];
  const scenes = new Map<string, Scene<S>>();
  let base = emptyBot();
  const add = (name: string, fits: (event: BotEvent) => boolean, handle: unknown): void => {
    // `fits` has seen to the kind of the event that the handler takes.
    handlers.push({ name, fits, handle: handle as Handle<S, EventKind> });
  };
  build({
    hear: (heard, handle) => add(`hear ${nameOf(heard)}`, hearing(heard), handle),
    onStart: (first: unknown, second?: unknown) => {
      const ref = typeof first === 'string' ? first : undefined;
      add(`start ${ref ?? ''}`.trim(), (event) => isStart(event, ref), second ?? first);
    },
    onButton: (payload, handle) => {
      const wanted = canonicalJson(payload);
      add(
        `button ${wanted}`,
        (event) =>
          'payload' in event &&
          event.kind !== 'started' &&
          event.payload !== undefined &&
          canonicalPayload(event.payload) === wanted,
        handle,
      );
    },
    onEvent: (kind, handle) => add(`event ${kind}`, (event) => event.kind === kind, handle),
    use: (one) => void middleware.push(one),
    scene: (name, scene) => {
      if (scenes.has(name)) throw new TypeError(`scene "${name}" is defined twice: give each its own name`);
      scenes.set(name, scene);
    },
    include: (bot) => {
      base = bot;
    },
  });
  // Without a factory the session is an empty object, which is what S is then.
  return { version, handlers, middleware, scenes, newSession: session ?? (() => ({}) as S), base };
}

function emptyBot(): Bot {
  const read = readBot('rules: []');
  if (!read.ok) throw new TypeError(read.problems.join('; '));
  return read.bot;
}

function nameOf(heard: Heard): string {
  if (typeof heard === 'string') return heard;
  if (heard instanceof RegExp) return String(heard);
  return 'any' in heard ? heard.any.join(', ') : heard.map(String).join(', ');
}

function hearing(heard: Heard): (event: BotEvent) => boolean {
  if (typeof heard === 'string') return hearing({ any: [heard], mode: 'contains' });
  if (heard instanceof RegExp) {
    const pattern = patternOf(heard);
    return (event) => event.kind === 'message' && pattern.test(fold(event.text.slice(0, 4_096)));
  }
  if ('any' in heard) {
    const keywords = { mode: heard.mode, phrases: heard.any.flatMap((one) => phrasesOf(one, [])) };
    return (event) => event.kind === 'message' && hasKeyword(readText(event.text), keywords);
  }
  const each = heard.map((one) => hearing(one));
  return (event) => each.some((fits) => fits(event));
}

function patternOf({ source }: RegExp): RE2JS {
  try {
    return RE2JS.compile(fold(source), RE2JS.CASE_INSENSITIVE);
  } catch (error) {
    throw new TypeError(`/${source}/ is no RE2 expression; see github.com/google/re2/wiki/Syntax`, { cause: error });
  }
}

function isStart(event: BotEvent, ref: string | undefined): boolean {
  const came = startOf(event);
  return ref === undefined ? came !== undefined : came === ref;
}
