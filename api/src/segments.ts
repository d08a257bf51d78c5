import { type Static, Type } from 'typebox';
import { CONTACT_SOURCES } from './contacts.ts';
import { ROUTES } from './statuses.ts';

const closed = { additionalProperties: false } as const;
const time = () => Type.String({ format: 'date-time', examples: ['2026-01-31T09:00:00Z'] });
const days = Type.Integer({ minimum: 1, maximum: 3_650 });
const someLabels = Type.Array(Type.String({ maxLength: 64 }), { minItems: 1, maxItems: 100 });

/** Whom a segment means: every condition that is named must hold. */
export const SegmentDefinition = Type.Object(
  {
    labels: Type.Optional(
      Type.Object({ any: Type.Optional(someLabels), all: Type.Optional(someLabels), none: Type.Optional(someLabels) }, closed),
    ),
    variables: Type.Optional(
      Type.Array(
        Type.Object(
          {
            name: Type.String({ maxLength: 64 }),
            is: Type.Enum(['equal', 'not_equal', 'less', 'greater', 'contains', 'present', 'absent']),
            value: Type.Optional(Type.Union([Type.String({ maxLength: 4_096 }), Type.Number(), Type.Boolean()])),
          },
          closed,
        ),
        { maxItems: 20 },
      ),
    ),
    activity: Type.Optional(
      Type.Object(
        {
          wroteWithinDays: Type.Optional(days),
          silentForDays: Type.Optional(days),
          knownWithinDays: Type.Optional(days),
        },
        closed,
      ),
    ),
    channels: Type.Optional(Type.Array(Type.Enum(ROUTES), { minItems: 1, maxItems: 2, description: 'Known on one of these.' })),
    groups: Type.Optional(
      Type.Array(Type.String({ pattern: '^(VK|OK):[0-9]{1,20}$' }), {
        minItems: 1,
        maxItems: 1_000,
        description: 'Wrote to one of these, or let it write, as CHANNEL:GROUP; `activity` then speaks of these alone.',
      }),
    ),
    sources: Type.Optional(Type.Array(Type.Enum(CONTACT_SOURCES), { minItems: 1, maxItems: CONTACT_SOURCES.length })),
    hasPhone: Type.Optional(Type.Boolean()),
  },
  { ...closed, examples: [{ labels: { any: ['постоянный'] }, activity: { wroteWithinDays: 90 } }] },
);
export type SegmentDefinition = Static<typeof SegmentDefinition>;

const name = Type.String({ minLength: 1, maxLength: 200, examples: ['Постоянные'] });

export const Segment = Type.Object({
  id: Type.Integer(),
  name: Type.String({ examples: ['Постоянные'] }),
  definition: SegmentDefinition,
  createdAt: time(),
  changedAt: time(),
});
export type Segment = Static<typeof Segment>;

export const NewSegment = Type.Object({ name, definition: SegmentDefinition }, closed);
export type NewSegment = Static<typeof NewSegment>;
export const SegmentPatch = Type.Object(
  { name: Type.Optional(name), definition: Type.Optional(SegmentDefinition) },
  { ...closed, minProperties: 1 },
);
export type SegmentPatch = Static<typeof SegmentPatch>;
export const SegmentQuestion = Type.Object({ definition: SegmentDefinition }, closed);

export const SegmentSize = Type.Object({
  contacts: Type.Integer({ description: 'How many it means now.' }),
  sample: Type.Array(Type.Object({ id: Type.Integer(), name: Type.Union([Type.String(), Type.Null()]) }), {
    description: 'A few of them.',
  }),
});
export type SegmentSize = Static<typeof SegmentSize>;
