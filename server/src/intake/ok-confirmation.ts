/** Who may read our answer in a browser: the page of an application's settings. Source: apiok.ru/en/apps/features/webhook_events. */
const ORIGINS: readonly string[] = ['https://nap.okapps.ru', 'http://nap.okapps.ru'];

/**
 * The confirmation of an application's webhook. The page of its settings asks for it from the administrator's own browser:
 * the request comes from any address, and its answer, the text that the same page shows, is no secret.
 *
 * Source: apiok.ru/en/apps/features/webhook_events.
 */
export const okConfirmation = {
  isAsked: (body: Readonly<Record<string, unknown>> | undefined): boolean => body?.['webhookType'] === 'CONFIRMATION',
  unset: 'this connection has no confirmation text: set the one that the settings of the application show',
  /** For another origin none: its browser then keeps the answer from the page. */
  headersFor(origin: string | undefined): Record<string, string> {
    if (origin === undefined || !ORIGINS.includes(origin)) return {};
    return {
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'POST, OPTIONS',
      'access-control-allow-headers': 'Content-Type',
      vary: 'Origin',
    };
  },
};
