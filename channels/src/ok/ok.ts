export { createOkChannel, type OkChannel, type OkChannelOptions } from './ok-channel.ts';
export { parseOkEvent } from './ok-events.ts';
export { createOkRest, type OkRest, type OkRestOptions, type OkSimpleNotification } from './ok-rest.ts';
export { type OkSecret, signOkCall } from './ok-signature.ts';
