export { BrokenBodyError } from './body/body.ts';
export type {
  Button,
  Capabilities,
  Channel,
  InboundEvent,
  Network,
  Outgoing,
  PollResult,
  Receipt,
  RefusalReason,
  SendOutcome,
} from './channel.ts';
export { parseJson, stringifyJson } from './json.ts';
export {
  createNotifyChannel,
  type NotifyChannel,
  type NotifyChannelOptions,
  parseNotifyIncoming,
  parseNotifyStatuses,
} from './notify/notify.ts';
export {
  createOkChannel,
  createOkRest,
  type OkChannel,
  type OkChannelOptions,
  type OkRest,
  type OkRestOptions,
  type OkSecret,
  type OkSimpleNotification,
  parseOkEvent,
  signOkCall,
} from './ok/ok.ts';
export { createVkChannel, parseVkEvent, type VkChannel, type VkChannelOptions } from './vk/vk.ts';
