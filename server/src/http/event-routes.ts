import { EVENT_WAIT_SECONDS_MAX, type EventTicket } from '@soroka/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Events, Frame, Seat } from '../events/events.ts';
import type { Clock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';
import { type Caller, callerOf } from './auth.ts';
import type { EventSeats } from './event-seats.ts';
import { frameSent } from './event-socket-events.ts';
import { type EventSockets, HEARTBEAT_MS } from './event-sockets.ts';
import { invalid, readQuery } from './query.ts';

export interface EventRoutesParts {
  events: Pick<Events, 'head' | 'after' | 'listen' | 'issueTicket' | 'redeemTicket'>;
  sockets: EventSockets;
  seats: EventSeats;
  clock: Clock;
  /** Of the product. */
  version: string;
}

/** Handlers of /v1/events and /v1/event-tickets by the ids of their operations. */
export function createEventRoutes({ events, sockets, seats, clock, version }: EventRoutesParts) {
  const helloOf = (asOf: number): Buffer =>
    Buffer.from(JSON.stringify({ type: 'hello', asOf, version, heartbeatMs: HEARTBEAT_MS }));

  const openSocket = async (request: FastifyRequest, reply: FastifyReply, after: number | null): Promise<FastifyReply> => {
    const seat = await seatOfSocket(request);
    const asOf = await events.head(seat.accountId);
    const onClosed = seats.take(seat);
    sockets.open(request, reply, { seat, after: after ?? asOf, hello: helloOf(asOf), onClosed });
    return reply;
  };
  // A cookie is not enough: pages of strangers may open sockets to us, and their browsers send it along.
  const seatOfSocket = async (request: FastifyRequest): Promise<Seat> => {
    const { ticket } = request.query as { ticket?: string };
    if (ticket !== undefined) {
      const seat = await events.redeemTicket(ticket);
      if (seat === null) throw new AppError('login.must.be.not.null', 'the ticket is unknown, was used, or is over');
      return seat;
    }
    if (request.headers.authorization !== undefined) return seatOf(callerOf(request));
    throw new AppError('login.must.be.not.null', 'a socket needs a ticket of POST /v1/event-tickets, or an Authorization header');
  };

  /** The first frame that comes; after the time, one that only moves the cursor. */
  const waitForFrame = (seat: Seat, after: number, waitMs: number, reply: FastifyReply): Promise<Frame> => {
    const leave = seats.take(seat);
    const over = new AbortController();
    reply.raw.once('close', () => over.abort());
    return new Promise((resolve) => {
      const listening = events.listen({
        ...seat,
        after,
        deliver(frame) {
          over.abort();
          resolve(frame);
        },
      });
      void clock.sleep(waitMs, AbortSignal.any([over.signal, sockets.stopping])).then(() => {
        resolve(listening.beat()); // unless it came
        listening.stop();
        leave();
      });
    });
  };

  return {
    async readEvents(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const isUpgrade = sockets.isUpgrade(request);
      const query = readQuery(request.query, isUpgrade ? ['after', 'ticket'] : ['after', 'waitSeconds']);
      const after = readWhole('after', query.after, Number.MAX_SAFE_INTEGER);
      if (isUpgrade) return openSocket(request, reply, after);
      const waitSeconds = readWhole('waitSeconds', query.waitSeconds, EVENT_WAIT_SECONDS_MAX) ?? 0;
      const seat = seatOf(callerOf(request));
      if (after === null) return answer(reply, helloOf(await events.head(seat.accountId)));
      const { bytes } =
        waitSeconds === 0
          ? await events.after(seat.accountId, after, seat.viewer)
          : await waitForFrame(seat, after, waitSeconds * 1_000, reply);
      return answer(reply, bytes);
    },

    async createEventTicket(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { ticket, expiresAt } = await events.issueTicket(seatOf(callerOf(request)));
      return reply.send({ ticket, expiresAt: expiresAt.toISOString() } satisfies EventTicket);
    },
  };
}

/** A socket with a ticket has shown who it is for: all else goes through `check`. */
export function unlessTicket(
  sockets: EventSockets,
  check: (request: FastifyRequest, reply: FastifyReply) => Promise<void>,
): (request: FastifyRequest, reply: FastifyReply) => Promise<void> {
  return async (request, reply) => {
    const { ticket } = request.query as { ticket?: unknown };
    if (ticket === undefined || !sockets.isUpgrade(request)) await check(request, reply);
  };
}

/** Whose events a caller hears. */
function seatOf({ accountId, groups, session }: Caller): Seat {
  return { accountId, viewer: { operatorId: session?.operatorId ?? null, groups } };
}

function answer(reply: FastifyReply, frame: Buffer): FastifyReply {
  frameSent({ line: 'poll' });
  return reply.type('application/json; charset=utf-8').send(`{"frames":[${frame.toString()}]}`);
}

function readWhole(field: string, text: string | undefined, max: number): number | null {
  if (text === undefined) return null;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value <= max)) throw invalid(field, `must be a whole number from 0 to ${max}`);
  return value;
}
