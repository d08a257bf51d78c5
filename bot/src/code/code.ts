export { type Actions, buttons, type Context } from './context.ts';
export { type BotBuilder, type CodeBot, defineBot, type Heard, type Middleware } from './define-bot.ts';
export { runBot } from './run-bot.ts';
export type { AskOptions, CallAnswer, JsonValue, Scene, SceneContext } from './scene.ts';
