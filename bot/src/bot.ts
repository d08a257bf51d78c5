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
export {
  type Bot,
  namesEvent,
  noReplyTimesMs,
  type ReadBot,
  readBot,
  segmentNames,
  withVersions,
} from './definition/definition.ts';
export { type Finding, type LintOptions, lintBot } from './lint/lint.ts';
export {
  Action,
  Attachment,
  BotEvent,
  BotState,
  Button,
  Content,
  Effect,
  type EventKind,
  type Facts,
  Keyboard,
  Network,
  type StepResult,
  type TraceLine,
  Value,
} from './model/model.ts';
export { OutsideAnswer, OutsideRequest, readOutsideAnswer } from './outside/outside.ts';
export { type Condition, explainMatch, type Rule, type RuleMatch } from './rules/rules.ts';
export { step } from './runtime/runtime.ts';
export { type Scenario, type Step, toMermaid } from './scenarios/scenarios.ts';
export {
  type BotTest,
  BotTestError,
  factsOf,
  type ReadBotTests,
  readBotTests,
  runBotTests,
  type TestOutcome,
  testBot,
  type WrittenTest,
} from './testing/testing.ts';
