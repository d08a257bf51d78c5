import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { EVENT_CLOSE_CODES } from '@soroka/api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Events, Frame, Listening, Seat } from '../events/events.ts';
import type { Clock } from '../platform/clock.ts';
import { frameSent, type SocketEnd, socketClosed, socketOpened } from './event-socket-events.ts';

/** Below the 60 s after which usual reverse proxies close what is silent. */
export const HEARTBEAT_MS = 25_000;
// All sockets in one go would be a pause of the process: a tenth of them at a time.
const SLICES = 10;
// More than a frame; a screen that has so much unread is not being looked at, or its line is gone.
const BUFFERED_BYTES_MAX = 1024 * 1024;
// Nothing is expected from a client.
const INCOMING_BYTES_MAX = 1024;
const CLOSE_WITHIN_MS = 1_000;
// Whose session has ended, or whose groups have changed, hears the wrong events for as long at most.
const LIFE_MS = 900_000;

type CloseCode = keyof typeof EVENT_CLOSE_CODES;
const CODES: Readonly<Record<Exclude<SocketEnd, 'left' | 'silent'>, CloseCode>> = {
  stopped: 1001,
  spoke: 1008,
  renewed: 4001,
  slow: 4008,
};

export interface EventSockets {
  /** Aborted when the server begins to close: nobody waits any longer. */
  stopping: AbortSignal;
  /** Whether the request asks for a socket, and can have one. */
  isUpgrade(request: FastifyRequest): boolean;
  /** Opens the socket of a request and tells what happens after the cursor; `onClosed` is called once, in any case. */
  open(request: FastifyRequest, reply: FastifyReply, start: { seat: Seat; after: number; hello: Buffer; onClosed(): void }): void;
}

interface Line {
  socket: WebSocket;
  listening: Listening;
  slice: number;
  /** By the monotonic clock. */
  openedAt: number;
  /** It has answered since the last ping. */
  isAlive: boolean;
  end: SocketEnd;
}

/** Node asks this of every request that wants another protocol: Java's client offers h2c with each, and means HTTP. */
export function shouldUpgradeCallback({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket';
}

/**
 * WebSockets of `app`. A request for one goes the way of all requests, through routes, rights and refusals, until its handler opens
 * the socket. When the server closes they are closed, and their clients come to another one.
 */
export function createEventSockets(
  app: FastifyInstance,
  { events, clock }: { events: Pick<Events, 'listen'>; clock: Clock },
): EventSockets {
  const server = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: INCOMING_BYTES_MAX });
  const wanted = new WeakMap<IncomingMessage, { socket: Duplex; head: Buffer; response: ServerResponse }>();
  const lines = new Set<Line>();
  const stopped = new AbortController();
  let opened = 0;

  app.server.on('upgrade', (request: IncomingMessage, socket, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket as Parameters<ServerResponse['assignSocket']>[0]);
    response.on('finish', () => socket.end());
    wanted.set(request, { socket, head, response });
    app.routing(request, response);
  });

  const close = (line: Line, end: keyof typeof CODES): void => {
    line.end = end;
    line.listening.stop();
    line.socket.close(CODES[end]);
  };
  const send = (line: Line, { bytes }: Pick<Frame, 'bytes'>): void => {
    if (line.socket.bufferedAmount > BUFFERED_BYTES_MAX) {
      close(line, 'slow');
      return;
    }
    frameSent({ line: 'socket' });
    line.socket.send(bytes, { binary: false });
  };
  const beat = (line: Line): void => {
    if (!line.isAlive) {
      if (line.end === 'left') line.end = 'silent';
      line.socket.terminate();
      return;
    }
    line.isAlive = false;
    if (clock.monotonic() - line.openedAt >= LIFE_MS && line.end === 'left') close(line, 'renewed');
    if (line.socket.readyState !== line.socket.OPEN) return;
    line.socket.ping();
    send(line, line.listening.beat());
  };
  const heart = async (): Promise<void> => {
    for (let turn = 0; !stopped.signal.aborted; turn = (turn + 1) % SLICES) {
      await clock.sleep(HEARTBEAT_MS / SLICES, stopped.signal);
      for (const line of lines) if (line.slice === turn) beat(line);
    }
  };
  app.addHook('onListen', async () => void heart());
  app.addHook('preClose', async () => {
    stopped.abort();
    for (const line of lines) close(line, 'stopped');
    for (const until = clock.monotonic() + CLOSE_WITHIN_MS; lines.size > 0 && clock.monotonic() < until; ) await clock.sleep(20);
    for (const { socket } of lines) socket.terminate();
  });

  return {
    stopping: stopped.signal,
    isUpgrade: ({ raw }) => wanted.has(raw),
    open({ raw }, reply, { seat, after, hello, onClosed }) {
      const { socket: stream, head, response } = wanted.get(raw) ?? {};
      if (stream === undefined || head === undefined) throw new Error('the request asked for no socket');
      reply.hijack();
      response?.detachSocket(stream as Parameters<ServerResponse['detachSocket']>[0]);
      stream.once('close', onClosed);
      server.handleUpgrade(raw, stream, head, (socket) => {
        socket.send(hello, { binary: false });
        const deliver = (frame: Frame): void => send(line, frame);
        const listening = events.listen({ ...seat, after, deliver });
        opened += 1;
        const line: Line = { socket, listening, slice: opened % SLICES, openedAt: clock.monotonic(), isAlive: true, end: 'left' };
        lines.add(line);
        socketOpened();
        socket.on('pong', () => {
          line.isAlive = true;
        });
        socket.on('message', () => close(line, 'spoke'));
        socket.on('error', () => socket.terminate());
        socket.on('close', () => {
          listening.stop();
          lines.delete(line);
          socketClosed({ reason: line.end });
        });
        if (stopped.signal.aborted) close(line, 'stopped');
      });
    },
  };
}
