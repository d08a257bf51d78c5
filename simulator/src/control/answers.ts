import type { FastifyReply } from 'fastify';
import { type Group, NETWORKS, type Network, type Person, type World } from '../world/world.ts';

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

/** A text, or undefined where the field is absent. An empty text is one. */
export function readOptionalText(fields: Fields, field: string): string | undefined {
  const value = fields[field];
  if (value === undefined || typeof value === 'string') return value;
  throw new ControlError(400, field, `"${field}" must be a text.`, 'Leave it out where there is none.');
}

/** One of the known words; undefined where the field is absent. */
export function readChoice<Choice extends string>(fields: Fields, field: string, choices: readonly Choice[]): Choice | undefined {
  const value = fields[field];
  if (value === undefined) return undefined;
  const chosen = choices.find((choice) => choice === value);
  if (chosen !== undefined) return chosen;
  throw new ControlError(400, field, `"${field}" must be one of ${choices.join(', ')}.`, `Send {"${field}":"${choices[0]}", …}.`);
}

/** The same where the field must be there. */
export function readNeededChoice<Choice extends string>(fields: Fields, field: string, choices: readonly Choice[]): Choice {
  const chosen = readChoice(fields, field, choices);
  if (chosen !== undefined) return chosen;
  throw new ControlError(400, field, `"${field}" is missing.`, `Send one of ${choices.join(', ')}.`);
}

/** True or false; false where the field is absent. */
export function readFlag(fields: Fields, field: string): boolean {
  const value = fields[field];
  if (value === undefined || typeof value === 'boolean') return value ?? false;
  throw new ControlError(400, field, `"${field}" must be true or false.`, 'Leave it out for false.');
}

/** A number within bounds; undefined where the field is absent. */
export function readNumber(fields: Fields, field: string, { min, max }: { min: number; max: number }): number | undefined {
  const value = fields[field];
  if (value === undefined) return undefined;
  if (typeof value === 'number' && value >= min && value <= max) return value;
  throw new ControlError(400, field, `"${field}" must be a number from ${min} to ${max}.`, `Leave it out to leave it as it is.`);
}

/** The group with the id in `group`; `usual` where the field is absent. */
export function readGroup(world: World, network: Network, fields: Fields, usual: Group): Group {
  if (fields['group'] === undefined) return usual;
  const group = world.groups.byId(network, String(fields['group']));
  if (group !== null) return group;
  throw new ControlError(400, 'group', `There is no such group on ${network}.`, 'Give its id, or leave "group" out.');
}

/** Bytes in base64. */
export function readBytes(fields: Fields, field: string, bytesMax: number): Buffer {
  const text = readText(fields, field);
  const bytes = /^[A-Za-z0-9+/]+={0,2}$/.test(text) ? Buffer.from(text, 'base64') : Buffer.alloc(0);
  if (bytes.length > 0 && bytes.length <= bytesMax) return bytes;
  throw new ControlError(
    400,
    field,
    `"${field}" must be 1 to ${bytesMax} bytes in base64.`,
    'Without line breaks, and not as a data: address.',
  );
}
