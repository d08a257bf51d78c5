export {
  type AskOptions,
  type BotBuilder,
  buttons,
  type CallAnswer,
  type CodeBot,
  type Context,
  defineBot,
  type Heard,
  type Middleware,
  runBot,
  type Scene,
  type SceneContext,
} from './code/code.ts';
export { type Bot, noReplyTimesMs, type ReadBot, readBot, withVersions } from './definition/definition.ts';
export type {
  Attachment,
  BotEvent,
  BotState,
  Button,
  Content,
  Effect,
  EventKind,
  Facts,
  Keyboard,
  Network,
  StepResult,
  TraceLine,
  Value,
} from './model/model.ts';
export { explainMatch, type RuleMatch } from './rules/rules.ts';
export { step } from './runtime/runtime.ts';
export { type BotTest, BotTestError, factsOf, testBot } from './testing/testing.ts';
