export { createVkChannel, type VkChannel, type VkChannelOptions } from './vk-channel.ts';
export { parseVkEvent } from './vk-events.ts';
