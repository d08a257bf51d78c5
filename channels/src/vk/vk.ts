export { createVkChannel, type VkChannel, type VkChannelOptions } from './vk-channel.ts';
export { parseVkEvent } from './vk-events.ts';
export { makeVkRefLink, parseVkRefLink, type VkRefLink, type VkRefLinkParts } from './vk-links.ts';
