/** What is looked at, in the order in which it is told. */
export const GROUPS = {
  clock: 'Clock',
  database: 'Database',
  configuration: 'Configuration',
  networks: 'Networks',
  signature: 'Signature of OK calls',
  outside: 'From outside',
  connection: 'Connection',
} as const;
export type GroupName = keyof typeof GROUPS;

/** One thing that was looked at. Sentences are for the person who runs the server; no secret is in them. */
export interface Finding {
  group: GroupName;
  /** Null for what belongs to the whole server. */
  connectionId: number | null;
  name: string;
  /** `unknown`: it could not be told, which is not an error. */
  state: 'good' | 'bad' | 'unknown';
  found: string;
  /** What to do; null where nothing is. */
  advice: string | null;
}

type About = Pick<Finding, 'group' | 'name'> & { connectionId?: number };

export function good({ connectionId = null, ...about }: Nullable<About>, found: string): Finding {
  return { ...about, connectionId, state: 'good', found, advice: null };
}

export function bad({ connectionId = null, ...about }: Nullable<About>, found: string, advice: string): Finding {
  return { ...about, connectionId, state: 'bad', found, advice };
}

export function unknown(
  { connectionId = null, ...about }: Nullable<About>,
  found: string,
  advice: string | null = null,
): Finding {
  return { ...about, connectionId, state: 'unknown', found, advice };
}

type Nullable<Fields extends { connectionId?: number }> = Omit<Fields, 'connectionId'> & { connectionId?: number | null };
