// Under this key dispatch tells back what happens to a message of a broadcast. It is also what makes a second hand-over of the same one no
// second message.
const PREFIX = 'soroka.broadcast:';
const KEY = /^soroka\.broadcast:(\d{1,16}):(\d{1,16})$/;

export interface RecipientKey {
  broadcastId: number;
  contactId: number;
}

export function keyOf({ broadcastId, contactId }: RecipientKey): string {
  return `${PREFIX}${broadcastId}:${contactId}`;
}

/** Null for messages of others. */
export function recipientOf(clientMessageId: string | null): RecipientKey | null {
  const [, broadcastId, contactId] = KEY.exec(clientMessageId ?? '') ?? [];
  return broadcastId === undefined ? null : { broadcastId: Number(broadcastId), contactId: Number(contactId) };
}
