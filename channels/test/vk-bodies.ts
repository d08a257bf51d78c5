/** For tests: a message of Anna's as VK's Callback API tells it. */
export const messageNew = (message: Record<string, unknown>): unknown => ({
  type: 'message_new',
  event_id: 'e1',
  v: '5.199',
  group_id: 213243638,
  object: {
    message: {
      id: 1,
      date: 1760000000,
      peer_id: 37119444,
      from_id: 37119444,
      text: 'да',
      conversation_message_id: 5,
      ...message,
    },
  },
});
