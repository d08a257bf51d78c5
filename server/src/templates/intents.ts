/** Why VK lets a group write first, outside the hours after the person's last word. Source: VKCOM/vk-api-schema, messages.send, `intent`. */
export const VK_INTENTS: readonly string[] = [
  'default',
  'account_update',
  'bot_ad_invite',
  'bot_ad_promo',
  'confirmed_notification',
  'customer_support',
  'finance_notification',
  'game_notification',
  'moderated_newsletter',
  'non_promo_newsletter',
  'promo_newsletter',
  'purchase_update',
];
