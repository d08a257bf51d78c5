import { describe, expect, test } from 'vitest';
import { ERRORS } from './errors.ts';
import { type OpenApiOperation, openApiDocument } from './openapi.ts';
import { OPERATIONS, type Operation } from './operations/operations.ts';

const document = openApiDocument('1.2.3');
const described = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]): [string, string, OpenApiOperation] => [method, path, operation]),
);

describe('the OpenAPI document', () => {
  test('is plain JSON of version 3.1', () => {
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
    expect(document.openapi).toBe('3.1.0');
    expect(document.info.version).toBe('1.2.3');
  });

  test('refers only to schemas that it has, and says each schema once', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(
      (match) => match[1],
    );
    expect(references).toEqual(
      expect.arrayContaining(['Message', 'OlderMessage', 'SendAnswer', 'RequestRejected', 'ErrorAnswer']),
    );
    for (const name of references) expect(document.components.schemas).toHaveProperty(name ?? '');
  });

  test('describes every operation once, with the parameters of its path', () => {
    expect(described.map(([, , { operationId }]) => operationId).sort()).toEqual(Object.keys(OPERATIONS).sort());
    for (const [, path, { parameters = [] }] of described) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      expect(parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name)).toEqual(inPath);
    }
  });

  test('names every code under its status', () => {
    for (const [, , { operationId, responses }] of described) {
      const operation: Operation = OPERATIONS[operationId as keyof typeof OPERATIONS];
      for (const code of operation.errors)
        expect(responses[ERRORS[code].status]?.description, operationId).toContain(`\`${code}\``);
      expect(Object.keys(responses)).toContain('200');
      if (operation.right !== null) expect(Object.keys(responses)).toEqual(expect.arrayContaining(['401', '403', '429', '503']));
    }
  });

  test('lets strangers see health and log in, and nothing else', () => {
    const open = described.filter(([, , { security }]) => security.length === 0).map(([method, path]) => `${method} ${path}`);
    expect(open.sort()).toEqual([
      'get /livez',
      'get /readyz',
      'get /v1/login',
      'post /v1/invitations/accept',
      'post /v1/login',
      'post /v1/login/code',
      'post /v1/login/{network}/start',
      'post /v1/pairings/redeem',
    ]);
  });
});
