export { Action, Call, Content, Effect, type TraceLine } from './effects.ts';
export { BotEvent, type EventKind, type Facts, Value } from './events.ts';
export { Attachment, Button, Keyboard, Network } from './keyboard.ts';
export { BotState, emptyState, type Recorded, readState, type StepResult, type Wait } from './state.ts';
