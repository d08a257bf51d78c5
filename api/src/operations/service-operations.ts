import { Type } from 'typebox';
import type { Operation } from './operation.ts';

/** Whether the process is well. */
export const SERVICE_OPERATIONS = {
  live: {
    method: 'GET',
    path: '/livez',
    right: null,
    refusals: 'error',
    tag: 'Service',
    summary: 'Whether the process answers',
    answer: { description: 'It does.', schema: Type.Object({ status: Type.Literal('live') }) },
    errors: [],
  },
  ready: {
    method: 'GET',
    path: '/readyz',
    right: null,
    refusals: 'error',
    tag: 'Service',
    summary: 'Whether the process can take messages',
    answer: { description: 'It can.', schema: Type.Object({ status: Type.Literal('ready') }) },
    errors: ['unavailable'],
  },
} as const satisfies Record<string, Operation>;
