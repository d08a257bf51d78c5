import { type TSchema, Type } from 'typebox';
import { LIST_LIMIT_DEFAULT, LIST_LIMIT_MAX } from '../answers.ts';
import type { ErrorCode } from '../errors.ts';
import type { Right } from '../rights.ts';

/** The line that a change leaves in the audit log. */
export interface Audited {
  /** `sender.paused`: a kind of thing, and what befell it. */
  action: string;
  /** `sender:{id}`: a name stands for the parameter of the path, else for the field of the answer, `{connection.id}`. */
  object: string;
}

/** One route of the public API: the server registers from this table, and the OpenAPI document is written from it. */
export interface Operation {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** With `{name}` where a parameter stands. */
  path: string;
  /** What the caller must have; null: open to everybody. */
  right: Right | null;
  /** How refusals of the whole request look: `{"result":[…]}` or `{"error":{…}}`. */
  refusals: 'result' | 'error';
  /**
   * What a change leaves in the audit log: written when it is done, before the answer goes out. `in its transaction`: its module writes
   * it. `nothing`: it changes nothing that is managed. Absent: a line with the operation's own name, unless it is a GET.
   */
  audit?: Audited | 'in its transaction' | 'nothing';
  tag:
    | 'Messages'
    | 'Account'
    | 'Templates'
    | 'Connections'
    | 'Callbacks'
    | 'Dialogs'
    | 'Desk'
    | 'Files'
    | 'Contacts'
    | 'Broadcasts'
    | 'Bots'
    | 'Events'
    | 'Login'
    | 'Profile'
    | 'Operators'
    | 'Service';
  summary: string;
  description?: string;
  pathParameters?: Readonly<Record<string, TSchema>>;
  query?: Readonly<Record<string, TSchema>>;
  headers?: Readonly<Record<string, TSchema>>;
  body?: TSchema;
  /** Absent: JSON. */
  bodyType?: 'application/octet-stream' | 'text/csv';
  /** `type`: where it is no JSON. */
  answer: { description: string; schema: TSchema; type?: string };
  /** Codes that refuse the request, beside those of every route with a right. */
  errors: readonly ErrorCode[];
}

/** Refuse a body before its fields are looked at. */
export const BODY_ERRORS = ['content.type.invalid', 'request.too.large', 'invalid.json'] as const satisfies readonly ErrorCode[];
/** Of what is read by an id in the path. */
export const READ_ERRORS = ['parameter.invalid', 'not.found'] as const satisfies readonly ErrorCode[];
/** Of what is made from a body. */
export const WRITE_ERRORS = [...BODY_ERRORS, 'parameter.invalid', 'origin.foreign'] as const satisfies readonly ErrorCode[];
/** Of what is changed by an id in the path: without a body, and with one. */
export const CHANGE_ERRORS = [...READ_ERRORS, 'origin.foreign'] as const satisfies readonly ErrorCode[];
export const BODY_CHANGE_ERRORS = [...BODY_ERRORS, ...CHANGE_ERRORS] as const satisfies readonly ErrorCode[];

// Parameters that many operations have.
export const cursor = Type.String({ description: 'nextCursor of the page before.' });
export const limit = Type.Integer({ minimum: 1, maximum: LIST_LIMIT_MAX, default: LIST_LIMIT_DEFAULT });
export const time = (description: string) =>
  Type.String({ format: 'date-time', description, examples: ['2026-01-31T09:00:00+03:00'] });
