import { type Static, Type } from 'typebox';
import { Dialog } from './dialogs.ts';

const time = (description: string) => Type.String({ format: 'date-time', description, examples: ['2026-01-31T09:00:00.000Z'] });
const timeOrNull = (description: string) => Type.Union([Type.String({ format: 'date-time' }), Type.Null()], { description });
const idOrNull = (description: string) => Type.Union([Type.Integer(), Type.Null()], { description });
const id = (description: string) => Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description, examples: [5] });
const closed = { additionalProperties: false } as const;

export const DESK_PRIORITIES = ['urgent', 'high', 'normal', 'low'] as const;
export const DESK_FOLDERS = ['queue', 'mine', 'mentions', 'open', 'bot', 'snoozed', 'closed'] as const;
export type DeskFolder = (typeof DESK_FOLDERS)[number];
export const DESK_SORTS = ['waiting', 'newest', 'priority'] as const;
export type DeskSort = (typeof DESK_SORTS)[number];

/** Characters of what people write for colleagues. */
export const DESK_TEXT_CHARACTERS_MAX = 4_096;
const text = (description: string, example: string) =>
  Type.String({ maxLength: DESK_TEXT_CHARACTERS_MAX, description, examples: [example] });

const OWNER = '0: the bot; null: the queue; else the id of the operator.';

/** A stretch of a dialog, from the first word to its closing. */
export const Conversation = Type.Object({
  id: Type.Integer(),
  dialogId: Type.Integer(),
  number: Type.Integer({ description: 'Within the dialog, from 1 on.' }),
  state: Type.Enum(['open', 'closed']),
  folder: Type.Enum(['queue', 'owned', 'bot', 'snoozed', 'closed'], { description: '`owned`: an operator has it.' }),
  owner: idOrNull(OWNER),
  teamId: idOrNull('Whose queue it is in.'),
  priority: Type.Enum(DESK_PRIORITIES),
  snoozedUntil: timeOrNull('Until then, or until the person writes, it stands in no queue.'),
  openedBy: Type.Enum(['person', 'operator']),
  openedAt: time('Of the first word.'),
  hadBot: Type.Boolean({ description: 'Whether a bot ever owned it.' }),
  needsHumanAt: timeOrNull(
    'Since when a human is asked for: from the beginning, or from the moment that the bot handed it over.',
  ),
  assignedAt: timeOrNull('When its operator of now got it.'),
  firstReplyAt: timeOrNull('Of a human, after `needsHumanAt`.'),
  firstReplyBy: idOrNull("The operator; null also where somebody answered in the network's own page."),
  waitingSince: timeOrNull('The oldest word that waits for a human.'),
  lastActivityAt: time('The last word of anybody.'),
  closedAt: timeOrNull('Null while it is open.'),
  closedBy: Type.Union([Type.Enum(['operator', 'bot', 'silence', 'key']), Type.Null()]),
  closedById: idOrNull('The operator who closed it.'),
  firstReplyDue: timeOrNull('Until then a human is to answer first; null: no deadline runs.'),
  nextReplyDue: timeOrNull('Until then what waits is to be answered.'),
  resolutionDue: timeOrNull('Until then it is to be closed.'),
  breached: Type.Array(Type.String(), { description: 'Deadlines that were missed: `first-reply`, `next-reply`, `resolution`.' }),
  ratingAskedAt: timeOrNull('When the person was asked what they think of it.'),
  rating: Type.Union([Type.Integer({ minimum: 1, maximum: 5 }), Type.Null()], { description: 'What they gave: 5 is best.' }),
  ratingComment: Type.Union([Type.String(), Type.Null()], { description: 'What they wrote right after it.' }),
});
export type Conversation = Static<typeof Conversation>;

/** A dialog as the desk lists it. */
export const DeskItem = Type.Object({
  dialog: Dialog,
  conversation: Conversation,
  labelIds: Type.Array(Type.Integer()),
  unread: Type.Union([Type.Integer({ maximum: 100 }), Type.Null()], {
    description: 'Words of the person that the operator who asks has not read, 100 at most; null for a key.',
  }),
  hasDraft: Type.Boolean({ description: 'Whether the operator who asks has begun to write.' }),
});
export type DeskItem = Static<typeof DeskItem>;

/** A dialog before its first word has no conversation. */
export const DeskDialog = Type.Object({
  ...DeskItem.properties,
  conversation: Type.Union([Conversation, Type.Null()]),
});

const count = Type.Object({
  count: Type.Integer({ maximum: 1_000 }),
  isMore: Type.Boolean({ description: 'There are more than so many.' }),
});
export const DeskCounts = Type.Object({
  ...(Object.fromEntries(DESK_FOLDERS.map((folder) => [folder, count])) as Record<DeskFolder, typeof count>),
  asOf: Type.Integer({ description: 'The number of an event; GET /v1/events?after= tells what changed since.' }),
});
export type DeskCounts = Static<typeof DeskCounts>;

export const OwnerChange = Type.Object(
  {
    owner: Type.Union([Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }), Type.Null()], {
      description: OWNER,
      examples: [5],
    }),
    teamId: Type.Optional(Type.Union([id('Of the team whose queue it goes into.'), Type.Null()])),
    from: Type.Optional(
      Type.Union([Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }), Type.Null()], {
        description:
          'Who has it as you see it: with somebody else there nothing changes. Absent: it is taken from the bot, the queue and yourself, never from a colleague.',
      }),
    ),
    comment: Type.Optional(text('For whoever gets it: a note in the dialog.', 'Просит вернуть деньги за заказ 1042.')),
  },
  closed,
);
export const Snooze = Type.Object(
  {
    until: Type.String({
      maxLength: 40,
      description: 'ISO 8601 with a zone, in the future.',
      examples: ['2030-01-31T09:00:00+03:00'],
    }),
  },
  closed,
);
export const DeskPatch = Type.Object(
  {
    priority: Type.Optional(Type.Enum(DESK_PRIORITIES)),
    addLabelIds: Type.Optional(Type.Array(id('Of a label.'), { maxItems: 100 })),
    removeLabelIds: Type.Optional(Type.Array(id('Of a label.'), { maxItems: 100 })),
  },
  { ...closed, minProperties: 1 },
);
export const NewNote = Type.Object(
  {
    text: text('For operators alone: no network sees it.', 'Клиент постоянный, скидка 10 %.'),
    mentions: Type.Optional(Type.Array(id('Of an operator who is to see it.'), { maxItems: 50 })),
  },
  closed,
);
export const Note = Type.Object({ sequence: Type.Integer({ description: 'Of its line in the dialog.' }) });

export const Draft = Type.Object({ text: Type.String(), updatedAt: timeOrNull('Null: there is none.') });
export const DraftChange = Type.Object({ text: text('An empty one removes the draft.', 'Добрый день! Сейчас') }, closed);
export const ReadChange = Type.Object(
  {
    upTo: Type.Integer({
      minimum: -2_147_483_648,
      maximum: 2_147_483_647,
      description: 'The sequence of the last line that was read; a smaller one than before marks the lines behind it unread.',
      examples: [12],
    }),
  },
  closed,
);
export const ReadState = Type.Object({ upTo: Type.Integer(), unread: Type.Integer({ maximum: 100 }) });

const span = Type.Object(
  { from: Type.String({ maxLength: 5, examples: ['09:00'] }), to: Type.String({ maxLength: 5, examples: ['18:00'] }) },
  closed,
);
export const WorkingHours = Type.Object(
  {
    timeZone: Type.String({ maxLength: 60, examples: ['Europe/Moscow'] }),
    weekly: Type.Array(Type.Array(span, { maxItems: 10 }), {
      description: 'Seven days, Monday first; spans of a day in order. `24:00` is its end.',
      maxItems: 7,
      examples: [[[{ from: '09:00', to: '18:00' }], [], [], [], [], [], []]],
    }),
    holidays: Type.Array(Type.String({ maxLength: 10, examples: ['2026-01-01'] }), { maxItems: 400 }),
  },
  closed,
);
const minutesOrNull = (description: string) =>
  Type.Union([Type.Integer({ minimum: 1, maximum: 525_600 }), Type.Null()], { description });
const RULE = {
  teamId: Type.Union([id('Of a team.'), Type.Null()], { description: 'Whose queue new conversations go into.' }),
  silenceHours: Type.Union([Type.Integer({ minimum: 1, maximum: 8_760 }), Type.Null()], {
    description:
      'Without a word, and with nobody waiting, a conversation is closed after so many hours; 24 where nothing is said.',
  }),
  hours: Type.Union([WorkingHours, Type.Null()], { description: 'When people answer; null: always.' }),
  firstReplyMinutes: minutesOrNull('Of working time, until a human has answered first.'),
  nextReplyMinutes: minutesOrNull('Of working time, until what waits is answered.'),
  resolutionMinutes: minutesOrNull('Of working time, until it is closed.'),
  asksRating: Type.Union([Type.Boolean(), Type.Null()], {
    description: 'Whether the person is asked for 1 to 5 by buttons when an operator has closed; no where nothing is said.',
  }),
};
const ruleGroup = Type.Union([Type.String({ maxLength: 30, examples: ['VK:213243638'] }), Type.Null()], {
  description: 'Null: of the whole account. What a group says nothing of, it has from the account.',
});
export const DeskRule = Type.Object({ group: ruleGroup, ...RULE });
export const DeskRulePatch = Type.Object(
  { group: Type.Optional(ruleGroup), ...Type.Partial(Type.Object(RULE)).properties },
  { ...closed, minProperties: 1 },
);
const TEAM_RULE = {
  way: Type.Enum(['by-hand', 'least-busy'], {
    description:
      '`least-busy`: whoever is online and has the fewest open dialogs for their capacity gets the one that has waited longest.',
  }),
  idleMinutes: minutesOrNull('A dialog goes back to the queue when its operator has let a person wait so long; null: never.'),
  returnsOffline: Type.Boolean({ description: 'Whether it goes back as soon as its operator is offline and somebody waits.' }),
};
export const TeamRule = Type.Object({ teamId: Type.Integer(), ...TEAM_RULE });
export const TeamRulePatch = Type.Object(Type.Partial(Type.Object(TEAM_RULE)).properties, { ...closed, minProperties: 1 });

export const PresenceChange = Type.Object(
  {
    state: Type.Enum(['looking', 'typing', 'gone'], {
      description: 'Say it again every 10 seconds: after 25 without a word you are gone.',
      examples: ['typing'],
    }),
  },
  closed,
);
export const Presence = Type.Object({
  others: Type.Array(Type.Object({ operatorId: Type.Integer(), state: Type.Enum(['looking', 'typing']) })),
});

const color = Type.String({ pattern: '^#[0-9a-f]{6}$', description: 'As in CSS, in small letters.', examples: ['#e8590c'] });
const labelName = Type.String({ maxLength: 200, examples: ['Возврат'] });
export const Label = Type.Object({ id: Type.Integer(), name: labelName, color });
export type Label = Static<typeof Label>;
export const NewLabel = Type.Object({ name: labelName, color: Type.Optional(color) }, closed);
export const LabelPatch = Type.Object(
  { name: Type.Optional(labelName), color: Type.Optional(color) },
  { ...closed, minProperties: 1 },
);

const shortcut = Type.String({ maxLength: 100, description: 'What is typed after a slash.', examples: ['привет'] });
const cannedText = text('With variables as {{contact.name}}; docs/desk.md lists them.', 'Здравствуйте, {{contact.name}}!');
export const CannedReply = Type.Object({
  id: Type.Integer(),
  shortcut,
  text: cannedText,
  updatedAt: time('Of its last change.'),
});
export type CannedReply = Static<typeof CannedReply>;
export const NewCannedReply = Type.Object({ shortcut, text: cannedText }, closed);
export const CannedReplyPatch = Type.Object(
  { shortcut: Type.Optional(shortcut), text: Type.Optional(cannedText) },
  { ...closed, minProperties: 1 },
);
export const FilledReply = Type.Object({
  text: Type.String({ description: 'With the variables of this dialog.' }),
  missing: Type.Array(Type.String(), { description: 'Variables that are not known here; nothing stands in their place.' }),
});
