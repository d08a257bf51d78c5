/**
 * How an application's webhook (not a group's) is confirmed: OK's page of settings posts `{"webhookType":"CONFIRMATION"}`
 * from the administrator's browser and wants the line it shows there as the answer, with 200 and one of these types; as it
 * is a browser, `OPTIONS` before it has to allow its origin. Source: apiok.ru/en/apps/features/webhook_events.
 */
export const OK_CONFIRMATION = {
  contentType: 'application/text',
  allowedOrigin: 'https://nap.okapps.ru',
} as const;

/** Whether a body of a webhook is the request to confirm it. */
export function isOkConfirmation(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'webhookType' in body && body.webhookType === 'CONFIRMATION';
}
