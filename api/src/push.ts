import { type Static, Type } from 'typebox';

/** Browsers and installed web apps, and phones by the service that tells them. */
const PUSH_KINDS = ['web', 'rustore', 'fcm', 'apns', 'hms'] as const;

export const PushSettings = Type.Object({
  kinds: Type.Array(Type.Enum(PUSH_KINDS), { description: 'Kinds of devices that this installation can tell.' }),
  publicKey: Type.String({ description: '`applicationServerKey` for PushManager.subscribe, base64url.' }),
});

export const NewPushSubscription = Type.Object(
  {
    kind: Type.Optional(Type.Enum(PUSH_KINDS, { default: 'web', description: 'By which service the device is told.' })),
    endpoint: Type.Optional(
      Type.String({ maxLength: 2_000, description: 'Of a browser, with `keys`: as PushSubscription.toJSON() has it.' }),
    ),
    keys: Type.Optional(
      Type.Object(
        { p256dh: Type.String({ maxLength: 200 }), auth: Type.String({ maxLength: 100 }) },
        { additionalProperties: false },
      ),
    ),
    token: Type.Optional(
      Type.String({
        pattern: '^[!-~]+$',
        maxLength: 4_096,
        description: 'Of a phone: as its push service gave it to the app.',
      }),
    ),
    device: Type.String({ minLength: 1, maxLength: 100, description: 'As its owner calls it.' }),
    showsText: Type.Optional(
      Type.Boolean({
        default: false,
        description: 'Whether names and words of people go to the device; otherwise only which dialog it is.',
      }),
    ),
  },
  {
    additionalProperties: false,
    examples: [
      {
        endpoint: 'https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV',
        // RFC 8291, appendix A.
        keys: {
          p256dh: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
          auth: 'BTBZMqHH6r4Tts7J_aSIgg',
        },
        device: 'Firefox на работе',
      },
      { kind: 'rustore', token: 'bk3RNwTe3H0CI2k', device: 'Телефон Анны' },
    ],
  },
);
export type NewPushSubscription = Static<typeof NewPushSubscription>;

export const PushSubscription = Type.Object({
  id: Type.Integer(),
  kind: Type.Enum(PUSH_KINDS),
  device: Type.String(),
  showsText: Type.Boolean(),
  createdAt: Type.String({ format: 'date-time' }),
  lastTakenAt: Type.Union([Type.String({ format: 'date-time' }), Type.Null()], {
    description: 'When its push service last took something for it.',
  }),
});
export type PushSubscription = Static<typeof PushSubscription>;

/** How a sign went, step by step. */
export const PushTest = Type.Object({
  hops: Type.Array(
    Type.Object({
      name: Type.Enum(['subscription', 'credentials', 'address', 'encryption', 'service', 'token', 'device']),
      state: Type.Enum(['good', 'bad', 'unknown']),
      found: Type.String({ description: 'A sentence.' }),
    }),
  ),
});
