import { type Static, Type } from 'typebox';
import { ROUTES } from './statuses.ts';

const service = Type.String({ minLength: 1, maxLength: 100, description: '`service` of a message.', examples: ['Group_name'] });
const budgetPerDay = Type.Union([Type.Integer({ minimum: 0, maximum: 2_147_483_647 }), Type.Null()], {
  description: 'Messages a day, by Moscow time; null: as many as come.',
  examples: [10_000],
});
const forbiddenPatterns = Type.Array(Type.String({ minLength: 1, maxLength: 500 }), {
  maxItems: 100,
  description: 'RE2 patterns, letter case aside: a text that holds one is refused as `is.spam`.',
  examples: [['казино|ставк[аи]']],
});
const channel = Type.Enum(ROUTES);
const provider = Type.Enum(['notify', 'community'], {
  description: 'By phone through an upstream, or as a message of the group.',
});
const connectionId = Type.Integer({ minimum: 1, description: "The upstream's, or the group's own." });

/** An approved name that messages are sent under. */
export const Sender = Type.Object({
  id: Type.Integer(),
  service,
  routes: Type.Array(Type.Object({ channel, provider, connectionId, groupId: Type.String() })),
  budgetPerDay,
  forbiddenPatterns,
  pausedAt: Type.Union([Type.String({ format: 'date-time' }), Type.Null()], { description: 'Since when its messages wait.' }),
});
export type Sender = Static<typeof Sender>;

const routes = Type.Array(
  Type.Object(
    {
      channel,
      provider,
      connectionId,
      groupId: Type.Optional(
        Type.String({ pattern: '^[0-9]{1,20}$', description: "Absent: the connection's own, which an upstream has none of." }),
      ),
    },
    { additionalProperties: false },
  ),
  {
    minItems: 1,
    maxItems: ROUTES.length,
    description: 'Who delivers on each network.',
    examples: [[{ channel: 'VK', provider: 'community', connectionId: 1 }]],
  },
);

export const NewSender = Type.Object(
  {
    service,
    routes,
    budgetPerDay: Type.Optional(budgetPerDay),
    forbiddenPatterns: Type.Optional(forbiddenPatterns),
  },
  {
    additionalProperties: false,
    examples: [{ service: 'Pizzeria', routes: [{ channel: 'VK', provider: 'community', connectionId: 1 }] }],
  },
);
export type NewSender = Static<typeof NewSender>;

export const SenderPatch = Type.Object(
  {
    routes: Type.Optional(routes),
    budgetPerDay: Type.Optional(budgetPerDay),
    forbiddenPatterns: Type.Optional(forbiddenPatterns),
  },
  { additionalProperties: false, minProperties: 1, examples: [{ budgetPerDay: 10_000 }] },
);
export type SenderPatch = Static<typeof SenderPatch>;

export const SenderName = Type.Object(
  { service: Type.String({ minLength: 1, maxLength: 200, examples: ['Group_name'] }) },
  { additionalProperties: false },
);
export type SenderName = Static<typeof SenderName>;
