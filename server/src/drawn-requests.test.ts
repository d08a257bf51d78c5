import { OPERATIONS, type Operation, type OperationId, RIGHTS } from '@soroka/api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ApiTown, startApiTown } from '../test/api-town.ts';
import { type DrawnRequest, drawRequests } from '../test/drawn-requests.ts';

// `npm run fuzz` draws 50,000; SOROKA_FUZZ_SEED draws others than those of every run.
const REQUESTS = Number(process.env['SOROKA_FUZZ_REQUESTS'] ?? 1_000);
const SEED = Number(process.env['SOROKA_FUZZ_SEED'] ?? 20_261_122);
const AT_ONCE = 12;
const PASSWORD = 'eight brown magpies';
/** What would end the session that the others of its right are tried with; and what answers 503 on purpose while the server is busy. */
const LEFT_OUT: ReadonlySet<string> = new Set(['logout', 'endSession', 'endSessions', 'ready']);

let town: ApiTown;
let session: string;
beforeAll(async () => {
  town = await startApiTown();
  await town.call('POST', '/v1/operators', { login: 'drawn', name: 'Owner', role: 'owner', password: PASSWORD });
  session = (await town.call('POST', '/v1/login', { login: 'drawn', password: PASSWORD, session: 'token' }, null)).body.token;
  await town.call('POST', '/vk/messages', [
    { phone: '79999999999', service: 'Group_name', templateId: 4, tmpl_data: { name: 'А', pizza: 'М' } },
  ]);
});
afterAll(() => town[Symbol.asyncDispose]());

function authorizationOf(id: OperationId): string | undefined {
  const { right }: Operation = OPERATIONS[id];
  if (right === null) return undefined;
  return (RIGHTS[right].scopes as readonly string[]).length === 0 ? `Bearer ${session}` : `Key ${town.demoKey}`;
}

let taken = 0;
/** What was wrong with the answer; null: nothing. */
async function send({ id, method, path, headers, body }: DrawnRequest): Promise<string | null> {
  const authorization = authorizationOf(id);
  const response = await fetch(town.url + path, {
    method,
    headers: { ...headers, ...(authorization === undefined ? {} : { authorization }) },
    ...(body === undefined ? {} : { body: Buffer.from(body) }),
  });
  const text = await response.text();
  if (response.ok) taken += 1;
  return response.status < 500
    ? null
    : `${id}: ${response.status} for ${method} ${path} ${body === undefined ? '' : Buffer.from(body)}: ${text}`;
}

test('no request that can be drawn from the OpenAPI document brings an error of the server', { timeout: 3_600_000 }, async () => {
  const ids = (Object.keys(OPERATIONS) as OperationId[]).filter((id) => !LEFT_OUT.has(id));
  const waiting = drawRequests(ids, REQUESTS, SEED).values();
  const wrong: string[] = [];
  const work = async (): Promise<void> => {
    for (const request of waiting) {
      const problem = await send(request);
      if (problem !== null) wrong.push(problem);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  expect(wrong).toEqual([]);
  // Else they were all refused at the door, and nothing behind it was tried.
  expect(taken).toBeGreaterThan(REQUESTS / 10);
});
