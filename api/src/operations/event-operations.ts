import { Type } from 'typebox';
import { EVENT_WAIT_SECONDS_MAX, EventTicket, Frames } from '../events.ts';
import type { Operation } from './operation.ts';

/** What happens while somebody looks. */
export const EVENT_OPERATIONS = {
  readEvents: {
    method: 'GET',
    path: '/v1/events',
    right: 'dialogs',
    refusals: 'error',
    tag: 'Events',
    summary: 'Hear what happens',
    description:
      'Without `after` the answer is a hello frame, whose `asOf` is the cursor to begin with. With it: what happened since, as frames. The same address takes WebSockets, on which frames come as they are (docs/real-time.md).',
    query: {
      after: Type.Integer({ minimum: 0, description: 'The last number you know.' }),
      waitSeconds: Type.Integer({
        minimum: 0,
        maximum: EVENT_WAIT_SECONDS_MAX,
        default: 0,
        description: 'How long to wait where nothing has happened yet.',
      }),
    },
    answer: { description: 'Frames in their order; ask again from the cursor of the last one.', schema: Frames },
    errors: ['parameter.invalid'],
  },
  createEventTicket: {
    method: 'POST',
    path: '/v1/event-tickets',
    right: 'dialogs',
    refusals: 'error',
    audit: 'nothing',
    tag: 'Events',
    summary: 'Get a ticket for one socket',
    description: 'For browsers, which cannot set headers on a WebSocket: `/v1/events?ticket=…` within 30 seconds, once.',
    answer: { description: 'The ticket.', schema: EventTicket },
    errors: [],
  },
} as const satisfies Record<string, Operation>;
