export { createNotifyChannel, type NotifyChannel, type NotifyChannelOptions } from './notify-channel.ts';
export { parseNotifyIncoming, parseNotifyStatuses } from './notify-events.ts';
