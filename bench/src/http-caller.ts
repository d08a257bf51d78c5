import { connect, type Socket } from 'node:net';

export interface Answer {
  status: number;
  body: string;
}

/**
 * Posts over connections that stay open. The client runs on the cores that it measures, and Node's own takes half as much of them
 * as the server: this one knows of HTTP what servers here answer, a status line and a Content-Length or chunks.
 */
export interface Caller {
  /** Rejects where no whole answer came. */
  post(path: string, body: Buffer | string, headers: Readonly<Record<string, string>>): Promise<Answer>;
  close(): void;
}

interface Call {
  request: string;
  resolve(answer: Answer): void;
  reject(error: Error): void;
}
interface Connection {
  socket: Socket;
  call: Call | null;
  received: Buffer[];
  bytes: number;
}

const LINE_END = Buffer.from('\r\n');
const HEAD_END = Buffer.from('\r\n\r\n');

/** At most `connections` at a time; more calls wait for a free one. */
export function createCaller(baseUrl: string, options: { connections: number }): Caller {
  const { hostname, port, host } = new URL(baseUrl);
  const open = new Set<Connection>();
  const free: Connection[] = [];
  const waiting: Call[] = [];

  const begin = (connection: Connection, call: Call): void => {
    Object.assign(connection, { call, received: [], bytes: 0 });
    connection.socket.write(call.request);
  };
  const openConnection = (call: Call): void => {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    const connection: Connection = { socket, call: null, received: [], bytes: 0 };
    open.add(connection);
    const lost = (error?: Error): void => {
      open.delete(connection);
      const place = free.indexOf(connection);
      if (place !== -1) free.splice(place, 1);
      connection.call?.reject(error ?? new Error('the connection ended before the answer did'));
      connection.call = null;
    };
    socket.on('error', lost).on('close', () => lost());
    socket.on('data', (chunk: Buffer) => {
      connection.received.push(chunk);
      connection.bytes += chunk.length;
      const answer = wholeAnswer(connection);
      if (answer === null) return;
      const { call: answered } = connection;
      connection.call = null;
      const next = waiting.shift();
      if (next === undefined) free.push(connection);
      else begin(connection, next);
      answered?.resolve(answer);
    });
    begin(connection, call);
  };

  return {
    post: (path, body, headers) =>
      new Promise((resolve, reject) => {
        const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
        const head = `POST ${path} HTTP/1.1\r\nHost: ${host}\r\n${lines.join('')}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
        const call: Call = { request: head + body.toString(), resolve, reject };
        const connection = free.pop();
        if (connection !== undefined) begin(connection, call);
        else if (open.size < options.connections) openConnection(call);
        else waiting.push(call);
      }),
    close() {
      for (const { socket } of open) socket.destroy();
    },
  };
}

/** Null until all of it is here. */
function wholeAnswer(connection: Connection): Answer | null {
  const [first] = connection.received;
  const bytes = connection.received.length === 1 && first !== undefined ? first : Buffer.concat(connection.received);
  const headEnd = bytes.indexOf(HEAD_END);
  if (headEnd === -1) return null;
  const head = bytes.toString('latin1', 0, headEnd);
  const status = Number(head.slice(9, 12));
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
  const bodyStart = headEnd + HEAD_END.length;
  if (length === undefined) {
    if (!/\r\ntransfer-encoding: chunked/i.test(head))
      throw new Error(`an answer without Content-Length or chunks: ${head.slice(0, 300)}`);
    const body = joinedChunks(bytes.subarray(bodyStart));
    return body === null ? null : { status, body };
  }
  if (bytes.length < bodyStart + Number(length)) return null;
  return { status, body: bytes.toString('utf8', bodyStart, bodyStart + Number(length)) };
}

/** RFC 9112, 7.1, without trailers: `2⏎ok⏎0⏎⏎`. Null until the last chunk is here. */
function joinedChunks(bytes: Buffer): string | null {
  const chunks: Buffer[] = [];
  for (let at = 0; ; ) {
    const lineEnd = bytes.indexOf(LINE_END, at);
    if (lineEnd === -1) return null;
    const start = lineEnd + LINE_END.length;
    const end = start + Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    at = end + LINE_END.length;
    if (bytes.length < at) return null;
    if (start === end) return Buffer.concat(chunks).toString('utf8');
    chunks.push(bytes.subarray(start, end));
  }
}
