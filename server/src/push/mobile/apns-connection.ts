import { type ClientHttp2Session, connect } from 'node:http2';
import type { PostResult } from '../../platform/http-client.ts';

const IDLE_MS = 600_000;
const ANSWER_CHARACTERS_MAX = 4_096;

/** One connection of HTTP/2 for all calls, as Apple wants it, opened anew where it broke. */
export interface ApnsConnection {
  /** Never rejects. */
  post(request: { path: string; headers: Record<string, string>; body: string; timeoutMs: number }): Promise<PostResult>;
  close(): Promise<void>;
}

export function openApnsConnection(url: string): ApnsConnection {
  let session: ClientHttp2Session | undefined;
  const opened = (): ClientHttp2Session => {
    if (session !== undefined && !session.closed && !session.destroyed) return session;
    const made = connect(url);
    made.on('error', () => {}); // each call that it broke says so by itself
    made.setTimeout(IDLE_MS, () => made.close());
    session = made;
    return made;
  };
  return {
    post: ({ path, headers, body, timeoutMs }) =>
      new Promise((resolve) => {
        const used = opened();
        const signal = AbortSignal.timeout(timeoutMs);
        const stream = used.request({ ...headers, ':method': 'POST', ':path': path }, { signal });
        let status: number | undefined;
        let answer = '';
        let code = 'CLOSED';
        stream.setEncoding('utf8');
        stream.on('response', (told) => {
          status = told[':status'];
        });
        stream.on('data', (text: string) => {
          answer = (answer + text).slice(0, ANSWER_CHARACTERS_MAX);
        });
        stream.on('error', (error: NodeJS.ErrnoException) => {
          code = error.code ?? error.name;
        });
        stream.on('end', () => {
          if (status !== undefined) resolve({ kind: 'answered', status, bodyHead: answer });
        });
        // Comes after all others: who was answered has been told already.
        stream.on('close', () => {
          if (!signal.aborted) return resolve({ kind: 'failed', code });
          used.destroy(); // perhaps nobody is there any more: the next call finds another way
          resolve({ kind: 'timed_out' });
        });
        stream.end(body);
      }),
    async close() {
      const open = session;
      session = undefined;
      if (open !== undefined && !open.destroyed) open.destroy();
    },
  };
}
