import type { FastifyInstance, FastifyRequest } from 'fastify';
import { extraOf, type Shared, USUAL_PLACE, type World } from '../world/world.ts';
import {
  ControlError,
  type Fields,
  readBytes,
  readChoice,
  readFields,
  readNeededChoice,
  readNumber,
  readOptionalText,
  readPerson,
  readText,
} from './answers.ts';
import { FILE_BYTES_MAX, type Files, fileExtra, PERSONS_FILE_KINDS } from './files.ts';
import { inChat, noButton, orRefuse, PLACE_FIELDS, type Place, readMessage, readOwnMessage, readPlace } from './place.ts';

/** Something that a person does; gives what the answer holds besides `ok`. Refuses by throwing a `ControlError`. */
type Act = (place: Place, fields: Fields, origin: string) => object;

const LATITUDE = { min: -90, max: 90 } as const;
const LONGITUDE = { min: -180, max: 180 } as const;
const REACTION = { min: 1, max: 64 } as const;
const UNDER = ['dialog', 'notifications'] as const;

const nothing = {};

/** What can be done as a person, by the last part of its address, and which fields it takes besides those of the place. */
const ACTIONS: Readonly<Record<string, { fields: readonly string[]; act: Act }>> = {
  say: {
    fields: ['text', 'under'],
    act: (place, fields) => {
      const under = readChoice(fields, 'under', UNDER);
      return write(place, readText(fields, 'text'), {}, under);
    },
  },
  press: {
    fields: ['payload'],
    act: (place, fields) => {
      const { world, group, person, chat } = place;
      const payload = readPayload(fields);
      if (chat === null) return { label: orRefuse(world.press(group, person, payload), place).label };
      const button = world.chats.press(chat, person, payload);
      if (button === null) throw noButton();
      return { label: button.label };
    },
  },
  start: {
    fields: ['payload'],
    act: (place, fields) => {
      const payload = fields['payload'] === undefined ? undefined : readText(fields, 'payload');
      orRefuse(place.world.start(place.group, place.person, payload), place);
      return nothing;
    },
  },
  read: {
    fields: [],
    act: (place) => ({ messages: orRefuse(place.world.read(place.group, place.person), place).length }),
  },
  allow: {
    fields: ['key'],
    act: (place, fields) => {
      orRefuse(place.world.allow(place.group, place.person, readOptionalText(fields, 'key')), place);
      return nothing;
    },
  },
  block: {
    fields: [],
    act: (place) => {
      orRefuse(place.world.block(place.group, place.person), place);
      return nothing;
    },
  },
  typing: {
    fields: [],
    act: (place) => {
      orRefuse(place.world.type(place.group, place.person), place);
      return nothing;
    },
  },
  'share-contact': {
    fields: [],
    act: (place) => {
      if (place.network === 'ok') return share(place, { kind: 'contact' });
      throw new ControlError(409, 'network', "VK's messages know no contact card.", 'Write the number as a text, or use "ok".');
    },
  },
  'share-location': {
    fields: ['latitude', 'longitude', 'payload'],
    act: (place, fields) => {
      const [latitude, longitude] = [readNumber(fields, 'latitude', LATITUDE), readNumber(fields, 'longitude', LONGITUDE)];
      if (latitude === undefined && longitude === undefined)
        return share(place, USUAL_PLACE, readOptionalText(fields, 'payload'));
      if (latitude !== undefined && longitude !== undefined)
        return share(place, { kind: 'location', latitude, longitude }, readOptionalText(fields, 'payload'));
      const missing = latitude === undefined ? 'latitude' : 'longitude';
      throw new ControlError(400, missing, `"${missing}" is missing.`, 'Send both, or neither for the middle of Moscow.');
    },
  },
  edit: {
    fields: ['message', 'text'],
    act: (place, fields) => {
      const message = readOwnMessage(place, fields);
      const text = readText(fields, 'text');
      if ('networkId' in message) place.world.edit(message, { text });
      else place.world.chats.edit(message, { text });
      return nothing;
    },
  },
  delete: {
    fields: ['message'],
    act: (place, fields) => {
      const message = readOwnMessage(place, fields);
      if ('networkId' in message) place.world.delete(message);
      else place.world.chats.delete(message);
      return nothing;
    },
  },
  react: {
    fields: ['message', 'reaction'],
    act: (place, fields) => {
      const reaction = fields['reaction'] === null ? null : readNumber(fields, 'reaction', REACTION);
      if (reaction === undefined || (reaction !== null && !Number.isInteger(reaction)))
        throw new ControlError(
          400,
          'reaction',
          '"reaction" must be a whole number from 1 to 64, or null.',
          'null takes it back.',
        );
      const message = readMessage(place, fields);
      if (!('networkId' in message))
        throw new ControlError(409, 'chat', 'Reactions are simulated in dialogs only.', 'Leave "chat" out.');
      place.world.react(message, reaction);
      return nothing;
    },
  },
};

/** `POST /control/people/{phone}/<action>`: to act as one of the people. */
export function registerActions(app: FastifyInstance, world: World, files: Files): void {
  type ActionRequest = FastifyRequest<{ Params: { phone: string } }>;
  const origin = (request: FastifyRequest): string => `${request.protocol}://${request.host}`;
  const add = (name: string, fieldNames: readonly string[], act: Act, bodyLimit?: number): void => {
    app.post(`/control/people/:phone/${name}`, { ...(bodyLimit && { bodyLimit }) }, async (request: ActionRequest) => {
      const person = readPerson(world, request.params.phone);
      const fields = readFields(request.body, [...PLACE_FIELDS, ...fieldNames]);
      return { ok: true, ...act(readPlace(world, person, fields), fields, origin(request)) };
    });
  };
  for (const [name, { fields, act }] of Object.entries(ACTIONS)) add(name, fields, act);

  const sendFile: Act = (place, fields, from) => {
    const kind = readNeededChoice(fields, 'kind', PERSONS_FILE_KINDS);
    const bytes = readBytes(fields, 'contentBase64', FILE_BYTES_MAX);
    const file = files.keep(bytes, readOptionalText(fields, 'name') ?? '');
    if (kind === 'photo' && file.image === null)
      throw new ControlError(400, 'contentBase64', 'The photo is no JPEG, PNG or GIF.', 'Send it as "kind":"file".');
    const { network, person, world } = place;
    const extra = fileExtra({ kind, file, network, person, origin: from, time: world.clock.now() });
    return write(place, readOptionalText(fields, 'text') ?? '', extra);
  };
  // Base64 makes four characters of three bytes; the rest of the body is small.
  add('send-attachment', ['kind', 'name', 'contentBase64', 'text'], sendFile, Math.ceil(FILE_BYTES_MAX * 1.34) + 10_000);

  for (const [name, isOnline] of [
    ['online', true],
    ['offline', false],
  ] as const) {
    app.post(`/control/people/:phone/${name}`, async (request: ActionRequest) => {
      readFields(request.body, []);
      world.setOnline(readPerson(world, request.params.phone), isOnline);
      return { ok: true };
    });
  }
}

function write(place: Place, text: string, extra: Record<string, unknown>, under?: (typeof UNDER)[number]): object {
  const { world, group, person, chat } = place;
  if (chat !== null) return { messageId: String(inChat(world.chats.say(chat, person, text, { extra })).numberInDialog) };
  const said = orRefuse(world.say(group, person, text, { extra, ...(under && { under }) }), place);
  return { messageId: said.networkId };
}

function share(place: Place, shared: Shared, payload?: string): object {
  const { world, group, person, chat, network } = place;
  if (chat !== null) return write(place, '', extraOf(shared, network, person));
  return { messageId: orRefuse(world.share(group, person, shared, payload), place).networkId };
}

/** A payload as its text, or as the JSON value that the text stands for. */
function readPayload(fields: Fields): string {
  const { payload } = fields;
  if (payload === undefined) throw new ControlError(400, 'payload', '"payload" is missing.', 'Send the payload of the button.');
  return typeof payload === 'string' ? payload : JSON.stringify(payload);
}
