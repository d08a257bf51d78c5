export type {
  ActionOutcome,
  ChatProfile,
  HistoryMessage,
  HistoryPage,
  SetUpStep,
  UploadedFile,
  UserProfile,
} from './actions.ts';
export { BrokenBodyError } from './body/body.ts';
export { CAPABILITIES, type Capabilities, type ChannelKind } from './capabilities.ts';
export type {
  ButtonPress,
  CarouselCard,
  Channel,
  InboundEvent,
  MessageAddress,
  MessageContent,
  Network,
  Outgoing,
  OutgoingAttachment,
  PollResult,
  Receipt,
  RefusalReason,
  SendOutcome,
  Subscription,
} from './channel.ts';
export { parseJson, stringifyJson } from './json.ts';
export {
  type Button,
  type ButtonColor,
  type ButtonKind,
  type FittedKeyboard,
  fitKeyboard,
  KEYBOARD_RULES,
  type Keyboard,
  type KeyboardFinding,
  type KeyboardRules,
} from './keyboard/keyboard.ts';
export {
  createNotifyChannel,
  type NotifyChannel,
  type NotifyChannelOptions,
  parseNotifyIncoming,
  parseNotifyStatuses,
} from './notify/notify.ts';
export {
  createOkChannel,
  createOkOAuth,
  createOkRest,
  explainOkSignature,
  makeOkAuthorizeUrl,
  type OkAuthorizeRequest,
  type OkChannel,
  type OkChannelOptions,
  type OkOAuth,
  type OkOAuthOptions,
  type OkRedirect,
  type OkRest,
  type OkRestOptions,
  type OkSecret,
  type OkSignatureExplanation,
  type OkSignatureMistake,
  type OkSimpleNotification,
  type OkTokenOutcome,
  type OkTokens,
  parseOkEvent,
  readOkRedirect,
  signOkCall,
} from './ok/ok.ts';
export { createVkChannel, parseVkEvent, type VkChannel, type VkChannelOptions } from './vk/vk.ts';
