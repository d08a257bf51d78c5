import type { FastifyReply } from 'fastify';
import { NETWORKS, type Network, type Person, type World } from '../world/world.ts';

/** A request of the control API that cannot be done as it was sent. */
export class ControlError extends Error {
  override readonly name = 'ControlError';
  readonly status: 400 | 404 | 409;
  readonly field: string;
  readonly hint: string;

  constructor(status: 400 | 404 | 409, field: string, message: string, hint: string) {
    super(message);
    this.status = status;
    this.field = field;
    this.hint = hint;
  }
}

const CODES = { 400: 'field.invalid', 404: 'not.found', 409: 'conflict' } as const;

/** The error shape of our own routes (gateway.md): `{"error":{"code","field","message","hint"}}`. */
export function answerError(error: ControlError, reply: FastifyReply): FastifyReply {
  const { status, field, message, hint } = error;
  return reply.code(status).send({ error: { code: CODES[status], field, message, hint } });
}

export type Fields = Readonly<Record<string, unknown>>;

/** The body as an object with known fields only. An empty body is an empty object. */
export function readFields(body: unknown, known: readonly string[]): Fields {
  if (body === undefined || body === null || body === '') return {};
  if (typeof body !== 'object' || Array.isArray(body))
    throw new ControlError(400, '', 'The body must be a JSON object.', `Its fields: ${known.join(', ')}.`);
  for (const field of Object.keys(body)) {
    if (!known.includes(field))
      throw new ControlError(400, field, `"${field}" is not known here.`, `Use ${known.join(', ') || 'no field at all'}.`);
  }
  return body as Fields;
}

export function readPerson(world: World, phone: string): Person {
  const person = world.people.byPhone(phone.replace(/^\+/, ''));
  if (person !== null) return person;
  throw new ControlError(
    404,
    'phone',
    'Nobody in this world has this phone.',
    'See GET /control/people; every phone 7998xxxxxxx exists too.',
  );
}

export function readNetwork(fields: Fields): Network {
  const network = NETWORKS.find((known) => known === fields['network']);
  if (network !== undefined) return network;
  throw new ControlError(400, 'network', '"network" must be "vk" or "ok".', 'Send {"network":"vk", …}.');
}

export function readText(fields: Fields, field: string): string {
  const value = fields[field];
  if (typeof value === 'string' && value !== '') return value;
  throw new ControlError(400, field, `"${field}" must be a text that is not empty.`, `Send {"${field}":"…", …}.`);
}

/** A number within bounds, or `fallback` where the field is absent. */
export function readNumber(fields: Fields, field: string, { min, max }: { min: number; max: number }): number | undefined {
  const value = fields[field];
  if (value === undefined) return undefined;
  if (typeof value === 'number' && value >= min && value <= max) return value;
  throw new ControlError(400, field, `"${field}" must be a number from ${min} to ${max}.`, `Leave it out to leave it as it is.`);
}
