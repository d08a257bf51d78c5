import { type Static, Type } from 'typebox';
import { FILE_KINDS } from './files.ts';
import { Keyboard } from './keyboards.ts';
import { ROUTES, STATUSES } from './statuses.ts';

const textOrNull = Type.Union([Type.String(), Type.Null()]);

/** A file of a line. */
export const Attachment = Type.Object({
  kind: Type.Enum(FILE_KINDS),
  name: Type.String(),
  fileId: Type.Union([Type.Integer(), Type.Null()], {
    description: 'For GET /v1/files/{fileId}; null while it is fetched from the network, and where that failed.',
  }),
  contentType: textOrNull,
  bytes: Type.Union([Type.Integer(), Type.Null()]),
  width: Type.Union([Type.Integer(), Type.Null()], { description: 'Of an image, in pixels.' }),
  height: Type.Union([Type.Integer(), Type.Null()]),
  hasThumbnail: Type.Boolean(),
});
export type Attachment = Static<typeof Attachment>;

/** One line of a dialog's history. */
export const DialogMessage = Type.Object({
  id: Type.Integer(),
  sequence: Type.Integer({ description: 'Its place in the dialog, by which lines are ordered. What was before us is below 1.' }),
  kind: Type.Enum(['message', 'started', 'button', 'system', 'note'], {
    description:
      'Words, a chat opened by a link or the Start button, a button pressed, something that befell the dialog, a note among operators that no network sees.',
  }),
  direction: Type.Enum(['in', 'out']),
  text: Type.String(),
  source: Type.Enum(['person', 'bot', 'operator', 'notification']),
  messageTag: Type.Union([Type.String(), Type.Null()], {
    description: 'Of an incoming message: the id of the notification that it answers. Of an outgoing one: its messageId.',
  }),
  author: Type.Union([Type.Object({ id: Type.String(), name: textOrNull, pictureUrl: textOrNull }), Type.Null()], {
    description: "Who of several wrote: a member of a group chat, an admin in the network's own page.",
  }),
  operatorId: Type.Union([Type.Integer(), Type.Null()], { description: 'Which operator of the account wrote or did it.' }),
  payload: Type.Union([Type.String(), Type.Null()], {
    description:
      'JSON text. Of the button pressed or the link that opened the chat; of a system line, `{"change", "title", "memberId"}`: what happened (`created`, `title`, `icon`, `joined`, `left`, `pinned`), the new title, who joined or left; or what the desk did (`owner`, `closed`, `reopened`): docs/desk.md.',
  }),
  keyboard: Type.Union([Keyboard, Type.Null()], { description: 'Shown with an outgoing message.' }),
  createdAt: Type.String({ format: 'date-time' }),
  editedAt: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
  earlierTexts: Type.Union(
    [Type.Array(Type.Object({ text: Type.String(), until: Type.String({ format: 'date-time' }) })), Type.Null()],
    {
      description: 'What it said before it was edited, oldest first.',
    },
  ),
  attachments: Type.Array(Attachment, { description: 'What of it is a file.' }),
  localId: Type.Union([Type.String(), Type.Null()], {
    description: "Its author's own id: the Idempotency-Key that it was sent with.",
  }),
  replyTo: Type.Union([Type.Integer(), Type.Null()], { description: 'Id of the line that it answers.' }),
  deletedAt: Type.Union([Type.String({ format: 'date-time' }), Type.Null()], {
    description: 'When it was taken back from the network; its words stand in `earlierTexts`.',
  }),
  status: Type.Union([Type.Enum(STATUSES), Type.Null()], {
    description: 'Of an outgoing message, as in GET /vk/messages/{messageId}.',
  }),
});
export type DialogMessage = Static<typeof DialogMessage>;

/** One person with one group, for ever. */
export const Dialog = Type.Object({
  id: Type.Integer(),
  channel: Type.Enum(ROUTES),
  groupId: Type.String(),
  kind: Type.Enum(['person', 'chat'], { description: '`chat`: a chat of several people; it has no contact.' }),
  title: Type.Union([Type.String(), Type.Null()], { description: 'Of a chat.' }),
  pictureUrl: Type.Union([Type.String(), Type.Null()], { description: 'Of a chat.' }),
  contact: Type.Union(
    [Type.Object({ id: Type.Integer(), name: textOrNull, phone: textOrNull, pictureUrl: textOrNull }), Type.Null()],
    {
      description: 'Null for a group chat of several people.',
    },
  ),
  lastMessage: Type.Union([DialogMessage, Type.Null()]),
  createdAt: Type.String({ format: 'date-time' }),
});
export type Dialog = Static<typeof Dialog>;

export const RAW_EVENT_STATES = ['waiting', 'done', 'failed'] as const;

/** A body that a network sent, as it was stored before anything was made of it. */
export const RawEvent = Type.Object({
  id: Type.Integer(),
  connectionId: Type.Integer(),
  form: Type.Enum(['vk', 'ok', 'notify-incoming', 'notify-statuses']),
  source: Type.Enum(['webhook', 'long-poll']),
  state: Type.Enum(RAW_EVENT_STATES),
  error: Type.Union([Type.String(), Type.Null()], { description: 'Why it could not be worked off.' }),
  tries: Type.Integer(),
  receivedAt: Type.String({ format: 'date-time' }),
  body: Type.String({ description: "As it came, byte for byte but for the webhook's secret." }),
});
export type RawEvent = Static<typeof RawEvent>;

export const RawEventReplay = Type.Object(
  { body: Type.Optional(Type.String({ description: 'Worked off instead of what came.', maxLength: 1_048_576 })) },
  { additionalProperties: false },
);
export type RawEventReplay = Static<typeof RawEventReplay>;
