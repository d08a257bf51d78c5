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
export { createNotifyChannel, type NotifyChannel, type NotifyChannelOptions } from './notify/notify-channel.ts';
export { parseNotifyIncoming, parseNotifyStatuses } from './notify/notify-events.ts';
export { createOkChannel, type OkChannel, type OkChannelOptions } from './ok/ok-channel.ts';
export { parseOkEvent } from './ok/ok-events.ts';
export { createOkRest, type OkRest, type OkRestOptions, type OkSimpleNotification } from './ok/ok-rest.ts';
export { type OkSecret, signOkCall } from './ok/ok-signature.ts';
export { createVkChannel, type VkChannel, type VkChannelOptions } from './vk/vk-channel.ts';
export { parseVkEvent } from './vk/vk-events.ts';
