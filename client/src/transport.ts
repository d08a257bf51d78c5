import type { EventTicket, Frame, Frames } from '@soroka/api';

/** The session is over, or may not read events: no further try will do better. */
export class AccessLost extends Error {
  override readonly name = 'AccessLost';
}

export interface SocketLine {
  close(): void;
}

/** How the engine reaches the server. Everything that fails but `AccessLost` is tried again. */
export interface EventTransport {
  /** GET /v1/events; `after` null asks for a hello. */
  poll(query: { after: number | null; waitSeconds: number }, signal: AbortSignal): Promise<readonly Frame[]>;
  /** Opens a socket, with a ticket of its own. `onClosed` is called once, also where it never opened. */
  openSocket(after: number | null, line: { onFrame(frame: Frame): void; onClosed(code: number | null): void }): SocketLine;
}

/** The part of a WebSocket that is used, as browsers, React Native and Node have it. */
interface Socket {
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
  addEventListener(type: 'close', listener: (event: { code: number }) => void): void;
  addEventListener(type: 'error', listener: () => void): void;
  close(): void;
}

export interface HttpTransportParts {
  /** Without a slash at the end: `https://soroka.example.org`. */
  baseUrl: string;
  /** What shows who asks, on every request: an Authorization header, or none where a cookie does. */
  headers: () => Readonly<Record<string, string>>;
  fetch: typeof fetch;
  newSocket: (url: string) => Socket;
}

export function createHttpTransport({ baseUrl, headers, fetch, newSocket }: HttpTransportParts): EventTransport {
  const ask = async <Answer>(path: string, init: RequestInit = {}): Promise<Answer> => {
    const response = await fetch(`${baseUrl}${path}`, { ...init, headers: { ...headers() } });
    if (response.status === 401 || response.status === 403) throw new AccessLost(`${path} was answered with ${response.status}`);
    if (!response.ok) throw new Error(`${path} was answered with ${response.status}`);
    return (await response.json()) as Answer;
  };
  return {
    async poll({ after, waitSeconds }, signal) {
      const query = after === null ? '' : `?after=${after}&waitSeconds=${waitSeconds}`;
      return (await ask<Frames>(`/v1/events${query}`, { signal })).frames;
    },
    openSocket(after, { onFrame, onClosed }) {
      let socket: Socket | undefined;
      let isClosed = false;
      const end = (code: number | null): void => {
        if (isClosed) return;
        isClosed = true;
        onClosed(code);
      };
      const open = async (): Promise<void> => {
        const { ticket } = await ask<EventTicket>('/v1/event-tickets', { method: 'POST' });
        if (isClosed) return;
        const query = new URLSearchParams({ ticket, ...(after !== null && { after: String(after) }) });
        socket = newSocket(`${baseUrl.replace(/^http/, 'ws')}/v1/events?${query}`);
        socket.addEventListener('message', ({ data }) => {
          if (!isClosed) onFrame(JSON.parse(String(data)) as Frame);
        });
        socket.addEventListener('close', ({ code }) => end(code));
        socket.addEventListener('error', () => end(null));
      };
      open().catch(() => end(null));
      return {
        close() {
          end(null);
          socket?.close();
        },
      };
    },
  };
}
