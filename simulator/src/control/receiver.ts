import type { FastifyInstance, FastifyRequest } from 'fastify';
import { parseExact } from '../wire/wire.ts';
import type { World } from '../world/world.ts';
import { readFields, readNumber } from './answers.ts';

/** One request that a customer's endpoint took. */
interface Taken {
  time: number;
  headers: Record<string, unknown>;
  /** Parsed where it is JSON; integers beyond 2^53 stay exact. */
  body: unknown;
  /** As it came, byte for byte: signatures are counted over this. */
  raw: string;
  /** What it was answered with. */
  status: number;
}

interface Receiver {
  taken: Taken[];
  /** Answers until told otherwise, or `failTimes` times. */
  status: number;
  failTimes: number;
  hangMs: number;
}

const TAKEN_MAX = 20_000;
const HANG_MS_MAX = 600_000;

type ReceiverRequest = FastifyRequest<{ Params: { name: string }; Querystring: { since?: string } }>;

/**
 * Customers' endpoints, one per name: `POST` of anything is kept, `GET` lists it, `DELETE` forgets it. Told by
 * `POST …/behaviour {status, failTimes, hangMs}` it answers with `status` (always, or the next `failTimes` times; 500 if only
 * `failTimes` is given) after `hangMs` of real time; an empty behaviour makes it take everything with 200 again.
 */
export function registerReceiver(app: FastifyInstance, world: World): void {
  const receivers = new Map<string, Receiver>();
  world.on('reset', () => receivers.clear());
  const receiver = (name: string): Receiver => {
    const found = receivers.get(name);
    if (found !== undefined) return found;
    const made = { taken: [], status: 200, failTimes: Number.POSITIVE_INFINITY, hangMs: 0 };
    receivers.set(name, made);
    return made;
  };
  const answerOf = (own: Receiver): number => {
    if (own.failTimes <= 0) return 200;
    own.failTimes -= 1;
    return own.status;
  };

  app.post('/control/receiver/:name', async (request: ReceiverRequest, reply) => {
    const own = receiver(request.params.name);
    const status = answerOf(own);
    const { body, raw } = asSent(request.body);
    own.taken.push({ time: world.clock.now(), headers: request.headers, body, raw, status });
    if (own.taken.length > TAKEN_MAX * 1.1) own.taken = own.taken.slice(-TAKEN_MAX);
    // Whoever calls measures by a clock of its own how long it waits.
    if (own.hangMs > 0) await new Promise<void>((resolve) => world.clock.scheduleReal(resolve, own.hangMs));
    return reply.code(status).send(status < 300 ? { ok: true } : { error: 'told to fail' });
  });
  app.get('/control/receiver/:name', async (request: ReceiverRequest) => {
    const since = Number(request.query.since ?? Number.NEGATIVE_INFINITY);
    return receiver(request.params.name).taken.filter(({ time }) => !(time <= since));
  });
  app.delete('/control/receiver/:name', async (request: ReceiverRequest) => {
    receiver(request.params.name).taken = [];
    return { ok: true };
  });
  app.post('/control/receiver/:name/behaviour', async (request: ReceiverRequest) => {
    const fields = readFields(asSent(request.body).body, ['status', 'hangMs', 'failTimes']);
    const failTimes = readNumber(fields, 'failTimes', { min: 0, max: 1_000_000 });
    const status = readNumber(fields, 'status', { min: 200, max: 599 }) ?? (failTimes === undefined ? 200 : 500);
    const hangMs = readNumber(fields, 'hangMs', { min: 0, max: HANG_MS_MAX }) ?? 0;
    Object.assign(receiver(request.params.name), { status, hangMs, failTimes: failTimes ?? Number.POSITIVE_INFINITY });
    return { ok: true, status, hangMs, failTimes: failTimes ?? null };
  });
}

function asSent(sent: unknown): { body: unknown; raw: string } {
  const raw = typeof sent === 'string' ? sent : '';
  try {
    return { body: parseExact(raw), raw };
  } catch {
    return { body: raw, raw };
  }
}
