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
