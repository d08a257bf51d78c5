import { type Logger, pino } from 'pino';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export type { Logger } from 'pino';

/** All metrics of this process; docs/metrics.md lists them, held by a test. */
export const registry = new Registry();
collectDefaultMetrics({ register: registry, prefix: 'soroka_' });

/** A counter `soroka_<name>`; labels take few values: never an id, a phone or a text. */
export function counter(name: string, help: string, labelNames: readonly string[] = []): Counter {
  return new Counter({ name: `soroka_${name}`, help, labelNames: [...labelNames], registers: [registry] });
}

export function gauge(name: string, help: string, labelNames: readonly string[] = []): Gauge {
  return new Gauge({ name: `soroka_${name}`, help, labelNames: [...labelNames], registers: [registry] });
}

/** `buckets` in seconds. */
export function histogram(
  name: string,
  help: string,
  labelNames: readonly string[] = [],
  buckets?: readonly number[],
): Histogram {
  return new Histogram({
    name: `soroka_${name}`,
    help,
    labelNames: [...labelNames],
    registers: [registry],
    ...(buckets === undefined ? {} : { buckets: [...buckets] }),
  });
}

/** JSON lines on stdout. Fields that could hold personal data or secrets are cut out whatever their depth of two. */
export function createLogger(level: string): Logger {
  const secret = ['phone', 'text', 'token', 'access_token', 'secret', 'authorization', 'body', 'key'];
  return pino({ level, redact: { paths: secret.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]), censor: '[hidden]' } });
}
