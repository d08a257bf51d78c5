import { createHmac } from 'node:crypto';

const SECRET_PREFIX = 'whsec_';

/**
 * Headers of Standard Webhooks for one POST: `id` is the same on every try of one delivery, `body` is signed as it is sent.
 * `secrets` are `whsec_<base64>`, the newest first; with two the receiver may check by either while it changes over.
 *
 * Source: github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md, "Webhook headers" and "Signature scheme".
 */
export function signedHeaders(id: string, nowMs: number, body: string, secrets: readonly string[]): Record<string, string> {
  const timestamp = Math.floor(nowMs / 1000);
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64');
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
  });
  return { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': signatures.join(' ') };
}
