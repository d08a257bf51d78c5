import type { Bot } from '../definition/definition.ts';
import type { BotEvent, Content, EventKind, Facts, Keyboard, Value } from '../model/model.ts';
import { emit, handOver, setVariable, type Turn } from '../runtime/runtime.ts';

/** What a handler or a scene can do in a dialog; the same for every network. */
export interface Actions {
  reply(content: string | Content): void;
  /** The line that whoever pressed a `callback` button sees; at most 90 characters. */
  notice(text: string): void;
  /** Keeps a variable with the person. */
  set(name: string, value: Value): void;
  label(label: string): void;
  unlabel(label: string): void;
  /** Gives the dialog to a person. Nothing is said after it. */
  handoff(to?: { team?: string; note?: string }): void;
  close(): void;
  subscribe(): void;
  unsubscribe(): void;
}

/** What a handler gets. `session` is the bot's own memory of the dialog: JSON, changed in place. */
export interface Context<S, K extends EventKind = EventKind> extends Actions {
  readonly event: Extract<BotEvent, { kind: K }>;
  readonly facts: Facts;
  readonly session: S;
  /** What the person wrote; '' where the event is no message. */
  readonly text: string;
  /** Begins a scene when the handler is done. */
  enter(scene: string): void;
}

export interface HandlerTurn<S> {
  context: Context<S>;
  /** The scene that the handler asked for. */
  entered(): string | undefined;
}

export function handlerContext<S>(turn: Turn, texts: Bot['texts'], session: S): HandlerTurn<S> {
  let scene: string | undefined;
  const { event, facts } = turn;
  const context: Context<S> = {
    ...actionsOn(turn, texts),
    event,
    facts,
    session,
    text: event.kind === 'message' ? event.text : '',
    enter: (name) => {
      scene = name;
    },
  };
  return { context, entered: () => scene };
}

export function actionsOn(turn: Turn, texts: Bot['texts']): Actions {
  return {
    reply: (content) => emit(turn, { kind: 'say', ...contentOf(content) }, texts),
    notice: (text) => emit(turn, { kind: 'notice', text: text.slice(0, 90) }, texts),
    set: (name, value) => setVariable(turn, texts, name, value),
    label: (label) => emit(turn, { kind: 'label', action: 'add', label }, texts),
    unlabel: (label) => emit(turn, { kind: 'label', action: 'remove', label }, texts),
    handoff: (to = {}) => handOver(turn, texts, to, !turn.effects.some(({ kind }) => kind === 'say')),
    close: () => emit(turn, { kind: 'close' }, texts),
    subscribe: () => emit(turn, { kind: 'subscribe' }, texts),
    unsubscribe: () => emit(turn, { kind: 'unsubscribe' }, texts),
  };
}

export function contentOf(content: string | Content): Content {
  return typeof content === 'string' ? { text: content } : content;
}

/** A keyboard of text buttons, row by row; each comes back with its label as the payload. */
export function buttons(...rows: readonly (readonly string[])[]): Keyboard {
  return {
    place: 'message',
    rows: rows.map((row) => row.map((label) => ({ kind: 'text', label, payload: JSON.stringify(label) }))),
  };
}
