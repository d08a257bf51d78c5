import type { Instant, World } from '../../world/world.ts';
import type { Scope } from '../application.ts';
import { type OkResult, type Refused, refuse } from '../ok-errors.ts';
import { bareId } from '../ok-ids.ts';
import type { OkNetwork } from '../ok-network.ts';
import type { Session } from '../sessions.ts';

/** A call of the REST API whose key, session and signature were found right. */
export interface RestCall {
  network: OkNetwork;
  world: World;
  given: Readonly<Record<string, string>>;
  /** Null where the call gave none; never null where the method requires one. */
  session: Session | null;
  at: Instant;
  /** Such as `http://127.0.0.1:8090`: how the caller reaches the simulator, for addresses in answers. */
  origin: string;
  /** Resolves when the client has left. */
  gone: Promise<void>;
}

export interface RestMethod {
  /** Whether a session must, may or must not be given: 453 and 451 otherwise. */
  session: 'required' | 'optional' | 'prohibited';
  /** What the person of the session must have granted; null for nothing. */
  scope: Scope | null;
  run(call: RestCall): OkResult | Promise<OkResult>;
}

export type RestMethods = Readonly<Record<string, RestMethod>>;

/** A parameter that must be given and not be empty. */
export function required(given: RestCall['given'], name: string): { ok: true; value: string } | Refused {
  const value = given[name]?.trim() ?? '';
  return value === '' ? refuse('PARAM', `Missing required parameter ${name}`) : { ok: true, value };
}

/** A list of ids with commas between, each with or without its prefix; at least one, at most `max`. */
export function requiredIds(given: RestCall['given'], name: string, max: number): { ok: true; ids: string[] } | Refused {
  const list = required(given, name);
  if (!list.ok) return list;
  const ids = list.value
    .split(',')
    .map((id) => bareId(id.trim()))
    .filter((id) => id !== '');
  return ids.length === 0 || ids.length > max ? refuse('PARAM', `${name} should hold 1 to ${max} ids`) : { ok: true, ids };
}

/** Only the fields that `fields` names, and always those of `always`; all of them where it names none. */
export function pickFields(whole: Readonly<Record<string, unknown>>, fields: string | undefined, always: string): object {
  const asked = (fields ?? '')
    .split(',')
    // Old clients write them in capitals with the kind before: USER.FIRST_NAME.
    .map((name) =>
      name
        .trim()
        .toLowerCase()
        .replace(/^\w+\./, ''),
    )
    .filter((name) => name !== '');
  if (asked.length === 0 || asked.includes('*')) return whole;
  return Object.fromEntries(Object.entries(whole).filter(([name]) => name === always || asked.includes(name.toLowerCase())));
}
