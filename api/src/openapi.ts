import type { TSchema } from 'typebox';
import { Account, AccountPatch } from './account.ts';
import { ErrorAnswer, Reason, RequestRejected, SendAnswer } from './answers.ts';
import { Dialog, DialogMessage } from './dialogs.ts';
import { ERRORS, type ErrorCode } from './errors.ts';
import { exampleOf } from './examples.ts';
import { File } from './files.ts';
import { DryRunAnswer, Forecast } from './forecast.ts';
import { Message, MessageDetails, OlderMessage, StatusCallback } from './messages.ts';
import { OPERATIONS, type Operation } from './operations/operations.ts';
import { Me, Operator } from './operators.ts';
import { RIGHTS, type Right, ROLES } from './rights.ts';

const COMPONENTS: Readonly<Record<string, TSchema>> = {
  Message,
  OlderMessage,
  SendAnswer,
  DryRunAnswer,
  Forecast,
  Reason,
  RequestRejected,
  MessageDetails,
  StatusCallback,
  Account,
  AccountPatch,
  Dialog,
  DialogMessage,
  File,
  Operator,
  Me,
  ErrorAnswer,
};
/** Codes of every route that needs a right. */
const RIGHT_ERRORS: readonly ErrorCode[] = [
  'login.must.be.not.null',
  'code.needed',
  'scope.missing',
  'second.factor.needed',
  'rate.limit',
  'unavailable',
];

export interface OpenApiDocument {
  openapi: '3.1.0';
  info: { title: string; version: string; description: string; license: { name: string; identifier: string } };
  servers: readonly { url: string }[];
  tags: readonly { name: string }[];
  paths: Record<string, Record<string, OpenApiOperation>>;
  components: { schemas: Record<string, unknown>; securitySchemes: Record<string, unknown> };
}
export interface OpenApiOperation {
  operationId: string;
  tags: readonly string[];
  summary: string;
  description?: string;
  security: readonly Record<string, readonly string[]>[];
  parameters?: readonly {
    name: string;
    in: 'path' | 'query' | 'header';
    required: boolean;
    schema: unknown;
    description?: string;
  }[];
  requestBody?: { required: true; content: Record<string, { schema: unknown; example?: unknown }> };
  responses: Record<string, { description: string; content: Record<string, { schema: unknown }> }>;
}

/** The whole API as OpenAPI 3.1, written from the table of operations and the schemas that also validate. */
export function openApiDocument(version: string): OpenApiDocument {
  const paths: OpenApiDocument['paths'] = {};
  for (const [id, operation] of Object.entries<Operation>(OPERATIONS)) {
    const path = paths[operation.path] ?? {};
    paths[operation.path] = path;
    path[operation.method.toLowerCase()] = describeOperation(id, operation);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Soroka',
      version,
      description: 'Notifications and dialogs in VK and Odnoklassniki. Refusals are explained in docs/errors.md.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: [...new Set(Object.values(OPERATIONS).map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(COMPONENTS).map(([name, schema]) => [name, withReferences(schema, name)])),
      securitySchemes: {
        key: { type: 'apiKey', in: 'header', name: 'Authorization', description: '"Key <api key>".' },
        basic: { type: 'http', scheme: 'basic', description: "Login: the account's name; password: an API key." },
        session: { type: 'http', scheme: 'bearer', description: "The token of an operator's session." },
        cookie: {
          type: 'apiKey',
          in: 'cookie',
          name: '__Host-soroka',
          description: 'Set by the login of a browser; `soroka` where the server is reached by plain http.',
        },
      },
    },
  };
}

function describeOperation(id: string, operation: Operation): OpenApiOperation {
  const { tag, summary, description, right, body, bodyType, answer } = operation;
  const parameters = [
    ...describeParameters('path', operation.pathParameters, true),
    ...describeParameters('query', operation.query, false),
    ...describeParameters('header', operation.headers, false),
  ];
  const needs = right === null ? [] : [whoMay(right)];
  return {
    operationId: id,
    tags: [tag],
    summary,
    description: [...(description === undefined ? [] : [description]), ...needs].join(' '),
    security: right === null ? [] : securityOf(right),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: { required: true, content: withExample(body, bodyType) } }),
    responses: {
      200: { description: answer.description, content: content(answer.schema, answer.type) },
      ...describeRefusals(operation),
    },
  };
}

/** Which keys and operators may call a route. */
function whoMay(right: Right): string {
  const { scopes, roles } = RIGHTS[right];
  const keys = scopes.map((scope) => `a key with the scope "${scope}"`);
  const people =
    roles.length === ROLES.length ? 'the session of an operator' : `the session of an operator who is ${roles.join(' or ')}`;
  return `Needs ${[...keys, people].join(', or ')}.`;
}

/** A route that no key may call is one of people. */
function securityOf(right: Right): OpenApiOperation['security'] {
  const people: Record<string, readonly string[]>[] = [{ session: [] }, { cookie: [] }];
  return RIGHTS[right].scopes.length === 0 ? people : [{ key: [] }, { basic: [] }, ...people];
}

function describeParameters(where: 'path' | 'query' | 'header', schemas: Operation['query'], required: boolean) {
  return Object.entries(schemas ?? {}).map(([name, schema]) => ({ name, in: where, required, schema: withReferences(schema) }));
}

function describeRefusals(operation: Operation): OpenApiOperation['responses'] {
  const codes = [...operation.errors, ...(operation.right === null ? [] : RIGHT_ERRORS)];
  const statuses = [...new Set(codes.map((code) => ERRORS[code].status))].sort();
  const shape = operation.refusals === 'result' ? RequestRejected : ErrorAnswer;
  return Object.fromEntries(
    statuses.map((status) => {
      const described = codes
        .filter((code) => ERRORS[code].status === status)
        .map((code) => `\`${code}\`: ${ERRORS[code].message}`);
      return [String(status), { description: described.join(' '), content: content(shape) }];
    }),
  );
}

/** Bytes are shown by no example. */
const withExample = (schema: TSchema, type: string | undefined): Record<string, { schema: unknown; example?: unknown }> =>
  type === 'application/octet-stream'
    ? content(schema, type)
    : { [type ?? 'application/json']: { schema: withReferences(schema), example: exampleOf(schema) } };
const content = (schema: TSchema, type = 'application/json') => ({ [type]: { schema: withReferences(schema) } });

const NAMES = new Map<unknown, string>(Object.entries(COMPONENTS).map(([name, schema]) => [schema, name]));

/** A copy in which every schema that is a component, except `self`, is a reference to it. */
function withReferences(schema: unknown, self?: string): unknown {
  const name = NAMES.get(schema);
  if (name !== undefined && name !== self) return { $ref: `#/components/schemas/${name}` };
  if (Array.isArray(schema)) return schema.map((element) => withReferences(element));
  if (typeof schema !== 'object' || schema === null) return schema;
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, withReferences(value)]));
}
