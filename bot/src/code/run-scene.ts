import type { Content, Facts, Recorded, Wait } from '../model/model.ts';
import { durationMs } from '../reading/reading.ts';
import {
  type Answer,
  cancelWake,
  emit,
  HINTS,
  handOver,
  keyboardFor,
  leave,
  mayStep,
  nextId,
  note,
  readAnswer,
  type Turn,
} from '../runtime/runtime.ts';
import type { AnswerType, Question } from '../scenarios/scenarios.ts';
import { actionsOn, contentOf } from './context.ts';
import type { CodeBot } from './define-bot.ts';
import { createReplay, type Replay } from './replay.ts';
import type { AskOptions, CallAnswer, Scene, SceneContext } from './scene.ts';

const RETRIES_DEFAULT = 2;

/** The part of the facts that a scene may read; the same on every run. */
type Known = Pick<Facts, 'person' | 'network'>;

interface Work<S> {
  bot: CodeBot<S>;
  name: string;
  turn: Turn;
  replay: Replay;
  session: S;
  known: Known;
  /** What the scene stood still for; undefined when it begins, and once the event has been used. */
  wait: Wait | undefined;
  /** What it stands still for now. */
  now: Wait | undefined;
}

/** Begins a scene; what went on before is left. */
export async function beginScene<S>(turn: Turn, bot: CodeBot<S>, name: string, session: S): Promise<void> {
  leave(turn);
  await runScene(turn, bot, { name, record: [], session, wait: undefined });
}

/** Whether the event is what the scene of this dialog stands still for. */
export function isAwaited({ event, state }: Turn): boolean {
  const wait = state.scene?.wait;
  if (event.kind === 'timer') return wait?.kind === 'timer' && wait.id === event.id;
  if (event.kind === 'callResult') return wait?.kind === 'call' && wait.id === event.id;
  return (event.kind === 'message' || event.kind === 'button') && wait?.kind === 'answer';
}

/** Goes on with the scene of this dialog, which waits for this event. */
export async function resumeScene<S>(turn: Turn, bot: CodeBot<S>): Promise<void> {
  const { scene } = turn.state;
  if (scene === undefined) return;
  if (scene.version !== bot.version)
    note(turn, 'scene', scene.name, `began with version ${scene.version} and goes on with ${bot.version}`);
  await runScene(turn, bot, { name: scene.name, record: scene.record, session: undefined, wait: scene.wait });
}

interface Begin<S> {
  name: string;
  record: Recorded[];
  session: S | undefined;
  wait: Wait | undefined;
}

async function runScene<S>(turn: Turn, bot: CodeBot<S>, { name, record, session, wait }: Begin<S>): Promise<void> {
  const { texts } = bot.base;
  const scene: Scene<S> | undefined = bot.scenes.get(name);
  const stopWith = (outcome: string): void => {
    note(turn, 'scene', name, outcome);
    handOver(turn, texts, { note: `The scene ${name} cannot go on.` }, true);
  };
  if (scene === undefined) return stopWith('is not in this bot');
  const replay = createReplay(record);
  const recorded = record.length;
  // What the scene knows at its beginning is its first record: read again on every run.
  const { known, began } = replay.once('begin', () => ({ known: knownOf(turn.facts), began: session ?? bot.newSession() }));
  const work: Work<S> = { bot, name, turn, replay, session: structuredClone(began), known, wait, now: undefined };
  const running = scene(contextOf(work));
  const ended = running.then(
    () => 'done' as const,
    (error: unknown) => (error instanceof Error ? error : new Error('something that is no error was thrown')),
  );
  const outcome = await Promise.race([ended, replay.stoodStill.then(() => 'still' as const)]);
  const problem = replay.problem() ?? (outcome instanceof Error ? outcome : undefined);
  if (turn.isOver) return;
  if (problem !== undefined)
    return stopWith(problem.name === 'Divergence' ? `diverged: ${problem.message}` : `failed: ${problem.name}`);
  turn.state.session = JSON.parse(JSON.stringify(work.session)) as unknown;
  if (outcome === 'done' || work.now === undefined) {
    note(turn, 'scene', name, `ends after ${record.length - recorded} new operations`);
    leave(turn);
    return;
  }
  note(turn, 'scene', name, `waits for ${work.now.kind}`);
  turn.state.scene = { name, version: bot.version, record, wait: work.now };
}

function knownOf({ person, network }: Facts): Known {
  return { person: structuredClone(person), network };
}

function contextOf<S>(work: Work<S>): SceneContext<S> {
  const { turn, replay, session, known, bot } = work;
  const { texts } = bot.base;
  const actions = actionsOn(turn, texts);
  const ask =
    <T>(type: Exclude<AnswerType, 'choice'>) =>
    (content: string | Content, options: Partial<Question> & AskOptions = {}): Promise<T> =>
      askFor<T, S>(work, { ...questionOf(type, contentOf(content)), ...options });
  const perform = (operation: string, act: () => void): void => {
    replay.once(operation, () => {
      if (mayStep(turn, texts)) act();
    });
  };
  return {
    session,
    ...known,
    reply: (content) => perform('reply', () => actions.reply(content)),
    notice: (text) => perform('notice', () => actions.notice(text)),
    set: (name, value) => perform('set', () => actions.set(name, value)),
    label: (label) => perform('label', () => actions.label(label)),
    unlabel: (label) => perform('unlabel', () => actions.unlabel(label)),
    handoff: (to) => perform('handoff', () => actions.handoff(to)),
    close: () => perform('close', () => actions.close()),
    subscribe: () => perform('subscribe', () => actions.subscribe()),
    unsubscribe: () => perform('unsubscribe', () => actions.unsubscribe()),
    now: () => replay.once('now', () => turn.facts.now),
    random: () => replay.once('random', () => turn.facts.random()),
    external: (outside) => replay.onceLater('external', outside),
    ask: {
      text: ask('text'),
      number: ask('number'),
      phone: ask('phone'),
      email: ask('email'),
      date: ask('date'),
      file: ask('file'),
      choice: (text, choices, options = {}) => {
        const read = choices.map((choice) => (typeof choice === 'string' ? { label: choice, value: choice } : choice));
        return askFor<string, S>(work, {
          ...questionOf('choice', { text }),
          options: read.map((option) => ({ ...option, words: [] })),
          ...options,
        });
      },
    },
    call: async ({ json, ...request }) => {
      const id = replay.once('call', () => {
        const fresh = nextId(turn);
        const body = json === undefined ? {} : { body: JSON.stringify(json) };
        const method = request.method ?? (json === undefined ? 'GET' : 'POST');
        emit(turn, { kind: 'call', id: fresh, headers: {}, ...request, method, ...body }, texts);
        return fresh;
      });
      work.now = { kind: 'call', id };
      return replay.await<CallAnswer>('answer of call', () => calledBack(work, id));
    },
    wait: async (duration) => {
      const ms = durationMs(duration);
      if (ms === undefined) throw new TypeError('wait takes a duration such as 30s, 10m, 2h or 1d');
      const id = replay.once('wait', () => {
        const fresh = nextId(turn);
        emit(turn, { kind: 'wake', id: fresh, at: turn.facts.now + ms }, texts);
        return fresh;
      });
      work.now = { kind: 'timer', id };
      await replay.await('timer', () => (use(work, 'timer', id) ? { value: true } : undefined));
    },
  };
}

function questionOf(type: AnswerType, content: Content): Question {
  return { content, type, options: [], retries: RETRIES_DEFAULT };
}

/** Takes the event of this turn for what the scene waits for, once. */
function use<S>(work: Work<S>, kind: 'timer' | 'call', id: string): boolean {
  const { wait, turn } = work;
  if (wait?.kind !== kind || wait.id !== id || !isAwaited(turn)) return false;
  work.wait = undefined;
  return true;
}

function calledBack<S>(work: Work<S>, id: string): { value: CallAnswer } | undefined {
  const { event } = work.turn;
  if (event.kind !== 'callResult' || !use(work, 'call', id)) return undefined;
  const { ok, status, body } = event;
  return { value: { ok, ...(status !== undefined && { status }), ...(body !== undefined && { body }) } };
}

async function askFor<T, S>(work: Work<S>, question: Question): Promise<T> {
  const { turn, replay, bot, name } = work;
  const { texts } = bot.base;
  const say = (text: string): void => {
    const keyboard = keyboardFor(question, name, turn.facts);
    emit(turn, { kind: 'say', ...question.content, text, ...(keyboard !== undefined && { keyboard }) }, texts);
  };
  replay.once(`ask ${question.type}`, () => {
    if (mayStep(turn, texts)) say(question.content.text);
  });
  return await replay.await<T>(`answer ${question.type}`, () => {
    const { wait } = work;
    work.now = { kind: 'answer', failures: 0 };
    if (wait?.kind !== 'answer') return undefined;
    work.wait = undefined;
    const answer = readAnswer(question, name, turn.event as Answer, turn.facts);
    if (answer.ok) {
      cancelWake(turn, wait);
      // The type of the question says which kind of value its answer has.
      return { value: answer.value as T };
    }
    note(turn, 'scene', name, `not understood, ${wait.failures + 1} of ${question.retries + 1}`);
    if (wait.failures >= question.retries) handOver(turn, texts, { note: `No answer was understood in ${name}.` }, true);
    else say(question.retry ?? HINTS[question.type]);
    work.now = { kind: 'answer', failures: wait.failures + 1 };
    return undefined;
  });
}
