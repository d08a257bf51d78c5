import { type Static, Type } from 'typebox';

export const PushSettings = Type.Object({
  publicKey: Type.String({ description: '`applicationServerKey` for PushManager.subscribe, base64url.' }),
});

export const NewPushSubscription = Type.Object(
  {
    endpoint: Type.String({ maxLength: 2_000, description: 'As PushSubscription.toJSON() has it.' }),
    keys: Type.Object(
      { p256dh: Type.String({ maxLength: 200 }), auth: Type.String({ maxLength: 100 }) },
      { additionalProperties: false },
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
    ],
  },
);
export type NewPushSubscription = Static<typeof NewPushSubscription>;

export const PushSubscription = Type.Object({
  id: Type.Integer(),
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
      name: Type.Enum(['subscription', 'address', 'encryption', 'service', 'device']),
      state: Type.Enum(['good', 'bad', 'unknown']),
      found: Type.String({ description: 'A sentence.' }),
    }),
  ),
});
