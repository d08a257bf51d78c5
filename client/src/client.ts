export { createEventClient, type EventClient, type EventClientParts, type EventClientState } from './event-client.ts';
export { newLocalId } from './local-id.ts';
export { createOutbox, type Outbox, type OutboxItem, type OutboxStorage, type SendOutcome } from './outbox.ts';
export type { Clock, Random } from './ports.ts';
export { createReplySender } from './reply-sender.ts';
export { createDialogStore, type DialogStore, type Line } from './store.ts';
export { AccessLost, createHttpTransport, type EventTransport, type HttpTransportParts, type SocketLine } from './transport.ts';
export { createUnreadCounters, type UnreadCounters } from './unread.ts';
