import type { Simulator } from '../../simulator.ts';

export interface Answer {
  status: number;
  body: unknown;
}

/** Calls of the control API as a test makes them. */
export function controlClient({ url }: Simulator) {
  const call = async (method: string, path: string, body?: unknown): Promise<Answer> => {
    const answer = await fetch(`${url}/control/${path}`, {
      method,
      body: body === undefined ? null : JSON.stringify(body),
    });
    return { status: answer.status, body: await answer.json() };
  };
  return {
    call,
    /** The answer's body; throws where it was refused. */
    async get<Body>(path: string): Promise<Body> {
      return accepted(await call('GET', path)) as Body;
    },
    async post<Body>(path: string, body: object = {}): Promise<Body> {
      return accepted(await call('POST', path, body)) as Body;
    },
  };
}

function accepted({ status, body }: Answer): unknown {
  if (status === 200) return body;
  throw new Error(`answered ${status}: ${JSON.stringify(body)}`);
}
