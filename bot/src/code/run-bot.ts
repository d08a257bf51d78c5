import type { Bot } from '../definition/definition.ts';
import type { BotEvent, BotState, Facts, StepResult } from '../model/model.ts';
import { startOf } from '../rules/rules.ts';
import {
  answerScenario,
  applyRules,
  endTurn,
  failedTurn,
  leave,
  note,
  openTurn,
  step,
  stopWord,
  type Turn,
  wakeScenario,
} from '../runtime/runtime.ts';
import { handlerContext } from './context.ts';
import type { CodeBot } from './define-bot.ts';
import { beginScene, isAwaited, resumeScene } from './run-scene.ts';

/**
 * `step` for any bot, also one in code, which may take its time. What `step` promises holds, as far as the author's handlers and
 * `external` calls keep it; an error that they throw hands over to a person.
 */
export async function runBot<S>(
  bot: Bot | CodeBot<S>,
  state: BotState | undefined,
  event: BotEvent,
  facts: Facts,
): Promise<StepResult> {
  if ('rules' in bot) return step(bot, state, event, facts);
  const { turn, isReady } = openTurn(state, event, facts);
  try {
    if (isReady) await answer(turn, bot);
    return endTurn(turn);
  } catch (error) {
    return failedTurn(bot.base, turn, error);
  }
}

async function answer<S>(turn: Turn, bot: CodeBot<S>): Promise<void> {
  const { event, facts } = turn;
  if (stopWord(turn, bot.base)) return;
  // Others' dialogs, and chats of several people, are for rules that name them.
  if (facts.owner !== 'bot' || facts.isGroupChat) return applyRules(turn, bot.base);
  const isStart = startOf(event) !== undefined;
  if (!isStart && isAwaited(turn)) return resumeScene(turn, bot);
  if (event.kind === 'timer' || event.kind === 'callResult') {
    if (!wakeScenario(turn, bot.base, event)) note(turn, 'event', event.kind, 'nobody waits for it any more');
    return;
  }
  if (isStart) leave(turn);
  else if ((event.kind === 'message' || event.kind === 'button') && answerScenario(turn, bot.base, event)) return;
  if (!(await handle(turn, bot))) applyRules(turn, bot.base);
}

/** The first handler that fits, inside of the middleware. False where none does. */
async function handle<S>(turn: Turn, bot: CodeBot<S>): Promise<boolean> {
  const handler = bot.handlers.find(({ fits }) => fits(turn.event));
  // The state came from this bot, and from this session's type; a new one begins as its author says.
  const session = structuredClone((turn.state.session as S | undefined) ?? bot.newSession());
  const { context, entered } = handlerContext(turn, bot.base.texts, session);
  const run = async (index: number): Promise<void> => {
    const middleware = bot.middleware[index];
    if (middleware !== undefined) return middleware(context, () => run(index + 1));
    if (handler === undefined) return;
    note(turn, 'rule', handler.name, 'fits');
    turn.state.misunderstood = 0;
    await handler.handle(context);
  };
  await run(0);
  turn.state.session = JSON.parse(JSON.stringify(session)) as unknown;
  const scene = entered();
  if (scene !== undefined && !turn.isOver) await beginScene(turn, bot, scene, session);
  return handler !== undefined || turn.effects.length > 0;
}
