/**
 * Every event that a community can switch on for a callback server or for long poll, by its name in the settings.
 * Source: parameters of groups.setCallbackSettings and fields of groups_long_poll_events, VKCOM/vk-api-schema v5.199.93.
 */
export const EVENT_NAMES = [
  'message_new',
  'message_reply',
  'message_allow',
  'message_edit',
  'message_deny',
  'message_typing_state',
  'message_read',
  'message_event',
  'message_reaction_event',
  'photo_new',
  'audio_new',
  'video_new',
  'wall_reply_new',
  'wall_reply_edit',
  'wall_reply_delete',
  'wall_reply_restore',
  'wall_post_new',
  'wall_repost',
  'wall_schedule_post_new',
  'wall_schedule_post_delete',
  'board_post_new',
  'board_post_edit',
  'board_post_restore',
  'board_post_delete',
  'photo_comment_new',
  'photo_comment_edit',
  'photo_comment_delete',
  'photo_comment_restore',
  'video_comment_new',
  'video_comment_edit',
  'video_comment_delete',
  'video_comment_restore',
  'market_comment_new',
  'market_comment_edit',
  'market_comment_delete',
  'market_comment_restore',
  'market_order_new',
  'market_order_edit',
  'poll_vote_new',
  'group_join',
  'group_leave',
  'group_change_settings',
  'group_change_photo',
  'group_officers_edit',
  'user_block',
  'user_unblock',
  'lead_forms_new',
  'like_add',
  'like_remove',
  'donut_subscription_create',
  'donut_subscription_prolonged',
  'donut_subscription_cancelled',
  'donut_subscription_price_changed',
  'donut_subscription_expired',
  'donut_money_withdraw',
  'donut_money_withdraw_error',
] as const;

/** Those that the simulator sends. */
export const SENT_EVENTS = [
  'message_new',
  'message_reply',
  'message_allow',
  'message_edit',
  'message_deny',
  'message_typing_state',
  'message_read',
  'message_event',
  'message_reaction_event',
] as const;

export type SentEvent = (typeof SENT_EVENTS)[number];

/** What one callback server, or the long poll of a community, is told. */
export interface EventSettings {
  /** The `v` of the event bodies. */
  apiVersion: string;
  /** Names of the events that are switched on. */
  enabled: Set<string>;
}

/** As the API shows it: every name with 0 or 1. */
export function eventFlags({ enabled }: EventSettings): Record<string, 0 | 1> {
  return Object.fromEntries(EVENT_NAMES.map((name) => [name, enabled.has(name) ? 1 : 0]));
}

/** Takes over the events that were given, `true` or `false`; the others stay as they are. */
export function switchEvents(settings: EventSettings, given: Readonly<Record<string, unknown>>): void {
  for (const name of EVENT_NAMES) {
    if (given[name] === true) settings.enabled.add(name);
    if (given[name] === false) settings.enabled.delete(name);
  }
}
