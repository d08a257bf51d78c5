import { Agent, request } from 'node:http';

export interface Answer {
  status: number;
  body: string;
}

/** Posts over connections that stay open. Of Node's own parts, since the client runs on the cores that it measures. */
export interface Caller {
  /** Rejects where no whole answer came. */
  post(path: string, body: Buffer | string, headers: Readonly<Record<string, string>>): Promise<Answer>;
  close(): void;
}

/** At most `connections` at a time; more calls wait for a free one. */
export function createCaller(baseUrl: string, options: { connections: number }): Caller {
  const { hostname, port } = new URL(baseUrl);
  const agent = new Agent({ keepAlive: true, maxSockets: options.connections });
  return {
    post: (path, body, headers) =>
      new Promise((resolve, reject) => {
        const call = request(
          {
            agent,
            ...{ hostname, port, path, method: 'POST' },
            headers: { ...headers, 'Content-Length': Buffer.byteLength(body) },
          },
          (response) => {
            const chunks: Buffer[] = [];
            response.on('data', (chunk: Buffer) => chunks.push(chunk));
            response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }));
            response.on('error', reject);
          },
        );
        call.on('error', reject);
        call.end(body);
      }),
    close: () => agent.destroy(),
  };
}
