import { type Static, Type } from 'typebox';
import { RIGHTS, type Right, ROLES } from './rights.ts';

const time = () => Type.String({ format: 'date-time', examples: ['2026-01-31T09:00:00Z'] });
const orNull = <Schema extends Parameters<typeof Type.Union>[0][number]>(schema: Schema, description: string) =>
  Type.Union([schema, Type.Null()], { description });

const AVAILABILITIES = ['online', 'pause', 'offline'] as const;
const LOGIN_NETWORKS = ['vk', 'ok'] as const;
const NAME_EXAMPLE = 'Анна Смирнова';
const LOGIN_EXAMPLE = 'anna@pizzeria.example';

const role = Type.Enum(ROLES, { description: 'What they may do: docs/operators.md.', examples: ['operator'] });
const groups = orNull(
  Type.Array(Type.String({ examples: ['VK:213243638'] }), { maxItems: 1_000 }),
  'Groups whose dialogs they see, as CHANNEL:GROUP; null: all of the account.',
);
const capacity = orNull(Type.Integer({ minimum: 1, maximum: 10_000 }), 'Dialogs at once; null: as many as there are.');
const loginName = Type.String({
  maxLength: 200,
  description: 'Letters, digits and . _ @ + -; letter case makes no difference.',
  examples: [LOGIN_EXAMPLE],
});
const name = Type.String({ maxLength: 200, examples: [NAME_EXAMPLE] });
const password = Type.String({
  maxLength: 1_000,
  description: 'A new one has 10 to 200 characters.',
  examples: ['eight brown magpies'],
});
const availability = Type.Enum(AVAILABILITIES, { description: 'Only who is online is given dialogs.' });
const availabilityComment = orNull(Type.String({ maxLength: 1_000, examples: ['обед до 14:00'] }), 'Shown to colleagues.');
const code = Type.String({ maxLength: 200, description: 'Works once.', examples: ['q1X7…'] });
const sessionForm = Type.Optional(
  Type.Enum(['cookie', 'token'], {
    default: 'cookie',
    description:
      'How the session is kept: as a cookie that scripts cannot read, for browsers; as a token for `Authorization: Bearer`, for apps.',
  }),
);
const closed = { additionalProperties: false } as const;

export const Operator = Type.Object({
  id: Type.Integer(),
  name,
  role,
  groups,
  availability,
  availabilityComment,
  capacity,
  login: Type.Optional(Type.String({ description: 'Only for who may manage operators.', examples: [LOGIN_EXAMPLE] })),
  hasSecondFactor: Type.Optional(Type.Boolean({ description: 'Only for who may manage operators.' })),
  disabledAt: orNull(time(), 'Since when they cannot log in; null: they can.'),
  createdAt: time(),
});
export type Operator = Static<typeof Operator>;

export const NewOperator = Type.Object(
  {
    login: loginName,
    name,
    role,
    groups: Type.Optional(groups),
    capacity: Type.Optional(capacity),
    password,
  },
  closed,
);

export const OperatorPatch = Type.Object(
  {
    name: Type.Optional(name),
    role: Type.Optional(role),
    groups: Type.Optional(groups),
    capacity: Type.Optional(capacity),
    isDisabled: Type.Optional(Type.Boolean({ description: 'true logs out everywhere.' })),
    password: Type.Optional(password),
    hasSecondFactor: Type.Optional(Type.Literal(false, { description: 'Takes a lost second factor away.' })),
  },
  { ...closed, minProperties: 1 },
);
export type OperatorPatch = Static<typeof OperatorPatch>;

export const Team = Type.Object({
  id: Type.Integer(),
  name: Type.String({ examples: ['Доставка'] }),
  operatorIds: Type.Array(Type.Integer()),
});
export type Team = Static<typeof Team>;
const members = Type.Array(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }), { maxItems: 1_000 });
export const NewTeam = Type.Object(
  { name: Type.String({ maxLength: 200, examples: ['Доставка'] }), operatorIds: Type.Optional(members) },
  closed,
);
export const TeamPatch = Type.Object(
  { name: Type.Optional(Type.String({ maxLength: 200 })), operatorIds: Type.Optional(members) },
  { ...closed, minProperties: 1, examples: [{ name: 'Доставка и самовывоз' }] },
);

export const NewInvitation = Type.Object({ login: loginName, role, groups: Type.Optional(groups) }, closed);
export const Invitation = Type.Object({
  id: Type.Integer(),
  login: loginName,
  role,
  groups,
  createdAt: time(),
  expiresAt: time(),
});
export const InvitationLink = Type.Object({
  ...Invitation.properties,
  url: Type.String({
    description: 'To be sent to the person; shown this once.',
    examples: ['https://soroka.example/console/#invitation=…'],
  }),
});
export const InvitationAcceptance = Type.Object({ code, name, password, session: sessionForm }, closed);

export const LoginRequest = Type.Object({ login: loginName, password, session: sessionForm }, closed);
export const CodeRequest = Type.Object(
  { code: Type.String({ maxLength: 100, description: 'Of the app, or a recovery code.', examples: ['287082'] }) },
  closed,
);
export const LoginWays = Type.Object({
  password: Type.Literal(true),
  networks: Type.Array(Type.Enum(LOGIN_NETWORKS), { description: 'That have an application on this server.' }),
});
export const OpenedSession = Type.Object({
  sessionId: Type.Integer(),
  awaitsCode: Type.Boolean({ description: 'true: POST /v1/login/code comes next.' }),
  expiresAt: Type.String({ format: 'date-time', description: 'At the latest; earlier without use.' }),
  token: Type.Optional(Type.String({ description: 'Where `session` was `token`.', examples: ['soroka_session_…'] })),
});
export type OpenedSession = Static<typeof OpenedSession>;

export const NetworkStart = Type.Object(
  {
    returnTo: Type.Optional(
      Type.String({
        maxLength: 200,
        description: 'Where the browser goes afterwards, a path of this server.',
        default: '/console/',
      }),
    ),
  },
  closed,
);
export const NetworkVisit = Type.Object({
  url: Type.String({
    description: "Of the network's page; the browser that asked has to go there itself.",
    examples: ['https://id.vk.ru/authorize?…'],
  }),
});

export const Me = Type.Object({
  ...Operator.properties,
  login: loginName,
  account: Type.Object({ id: Type.Integer(), name: Type.String() }),
  rights: Type.Array(Type.Enum(Object.keys(RIGHTS) as Right[])),
  session: Type.Object({ id: Type.Integer(), kind: Type.Enum(['web', 'device']) }),
  secondFactor: Type.Object({ isOn: Type.Boolean(), isRequired: Type.Boolean() }),
  networks: Type.Array(Type.Enum(LOGIN_NETWORKS), { description: 'By which they can log in.' }),
});
export type Me = Static<typeof Me>;
export const MePatch = Type.Object(
  {
    name: Type.Optional(name),
    availability: Type.Optional(availability),
    availabilityComment: Type.Optional(availabilityComment),
  },
  { ...closed, minProperties: 1 },
);
export const PasswordChange = Type.Object({ password, newPassword: password }, closed);
export const PasswordProof = Type.Object({ password }, closed);
export const TotpSecret = Type.Object({
  secret: Type.String({ description: 'Base32, to be typed into the app.', examples: ['JBSWY3DPEHPK3PXP'] }),
  uri: Type.String({ description: 'For the QR code.', examples: ['otpauth://totp/Soroka:…'] }),
});
export const RecoveryCodes = Type.Object({
  recoveryCodes: Type.Array(Type.String({ examples: ['ABCD-EFGH-JKMN'] }), {
    description: 'Each stands for one code; shown this once.',
  }),
});

export const Session = Type.Object({
  id: Type.Integer(),
  kind: Type.Enum(['web', 'device']),
  isCurrent: Type.Boolean(),
  device: orNull(Type.String(), 'As the browser or the app calls itself.'),
  address: Type.String({ description: 'Where it was seen last.', examples: ['203.0.113.7'] }),
  createdAt: time(),
  seenAt: time(),
  expiresAt: time(),
});
export const Removed = Type.Object({ removed: Type.Integer({ description: 'How many.' }) });

export const PairingLink = Type.Object({
  id: Type.Integer(),
  url: Type.String({ description: 'What the QR code holds.', examples: ['https://soroka.example/m/#pairing=…'] }),
  expiresAt: time(),
});
export const Pairing = Type.Object({
  id: Type.Integer(),
  state: Type.Enum(['waiting', 'redeemed', 'expired']),
  sessionId: orNull(Type.Integer(), 'Of the phone, while it is logged in.'),
  expiresAt: time(),
});
export const PairingRedemption = Type.Object(
  {
    code,
    device: Type.Optional(
      Type.String({ maxLength: 200, description: 'As the list of sessions is to show it.', examples: ['Pixel 9'] }),
    ),
  },
  closed,
);

export const SecurityPolicy = Type.Object(
  { secondFactorRequired: Type.Boolean({ description: 'Of all roles that see phone numbers.' }) },
  closed,
);

export const AuditEntry = Type.Object({
  number: Type.Integer({ description: 'From 1 on, without gaps.' }),
  at: time(),
  actor: Type.Object({
    kind: Type.Enum(['key', 'operator', 'command', 'nobody'], {
      description: '`command`: the command line. `nobody`: somebody who had only a link.',
    }),
    id: Type.Optional(Type.String()),
  }),
  action: Type.String({ examples: ['operator.changed'] }),
  object: Type.String({ examples: ['operator:5'] }),
  fields: Type.Array(Type.String(), { description: 'Names of what changed.' }),
  hash: Type.String({ description: 'SHA-256 of this entry and all before it.' }),
});
