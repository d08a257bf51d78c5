import {
  ApiError,
  type Client,
  createClient,
  ERRORS,
  exampleOf,
  OPERATIONS,
  type Operation,
  type OperationId,
  RIGHTS,
} from '@soroka/api';
import { Compile } from 'typebox/compile';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ApiTown, startApiTown } from '../test/api-town.ts';
import { until } from '../test/until.ts';

// Generated over the table of operations: what another route needs here is an example in its schemas.

const PASSWORD = 'eight brown magpies';
const ALL = Object.entries<Operation>(OPERATIONS) as [OperationId, Operation][];
/** Of every route with a right, beside its own. */
const RIGHT_ERRORS = [
  'login.must.be.not.null',
  'code.needed',
  'scope.missing',
  'second.factor.needed',
  'rate.limit',
  'unavailable',
];
/** Parameters of paths that name nothing which an account owns. */
const WORDS: Readonly<Record<string, string>> = { network: 'vk' };

/** Examples whose values are refused here, and why: they name what this world has not, or has already. */
const REFUSED: Readonly<Partial<Record<OperationId, string>>> = {
  addConnection: 'the group is connected',
  changeDialogOwner: 'no operator has this id',
  mergeContacts: 'the contact would be merged with itself',
};
/** In place of the example where its values would be refused before the path is looked at. */
const BODIES: Readonly<Partial<Record<OperationId, unknown>>> = {
  changeDialogOwner: { owner: null },
  mergeContacts: { contactId: 999 },
};

let town: ApiTown;
let byKey: Client;
let bySession: Client;
let stranger: { key: Client; session: Client };

/** An owner of the account of the key, logged in. */
async function ownerOf(key: string, name: string): Promise<Client> {
  const { url: baseUrl } = town;
  await createClient({ baseUrl, key }).addOperator({ body: { login: name, name: 'Owner', role: 'owner', password: PASSWORD } });
  return login(name);
}
async function login(name: string): Promise<Client> {
  const baseUrl = town.url;
  const { token } = await createClient({ baseUrl }).login({ body: { login: name, password: PASSWORD, session: 'token' } });
  return createClient({ baseUrl, session: token ?? '' });
}

beforeAll(async () => {
  town = await startApiTown();
  const { url: baseUrl } = town;
  byKey = createClient({ baseUrl, key: town.demoKey });
  const other = await town.newAccount('somebody else');
  bySession = await ownerOf(town.demoKey, 'owner-of-demo');
  stranger = { key: createClient({ baseUrl, key: other.key }), session: await ownerOf(other.key, 'owner-of-others') };
  // What only the outside makes: a message with its callbacks, and somebody who writes.
  await byKey.sendMessages({
    body: [{ phone: '79999999999', service: 'Group_name', templateId: 4, tmpl_data: { name: 'Анна', pizza: 'Маргарита' } }],
  });
  const event = {
    ...{ type: 'message_new', group_id: 213243638, event_id: 'every-operation', v: '5.199', secret: 'vk-demo-secret' },
    object: {
      message: {
        id: 1,
        date: 1_700_000_000,
        peer_id: 37119444,
        from_id: 37119444,
        text: 'Есть кто?',
        conversation_message_id: 1,
      },
    },
  };
  const headers = { 'content-type': 'application/json' };
  await fetch(`${baseUrl}/hooks/vk/demo`, { method: 'POST', headers, body: JSON.stringify(event) });
  for (const list of ['listDialogs', 'listCallbacks', 'listRawEvents'] as const)
    await until(async () => (await byKey[list]()).items.length > 0);
});
afterAll(() => town[Symbol.asyncDispose]());

const clientFor = ({ right }: Operation, whose: { key: Client; session: Client }): Client =>
  right !== null && (RIGHTS[right].scopes as readonly string[]).length === 0 ? whose.session : whose.key;
const ours = () => ({ key: byKey, session: bySession });

type AnyCall = (given: object) => Promise<unknown>;
const callOf = (client: Client, id: OperationId): AnyCall => client[id] as AnyCall;

const statusOf = (code: string): number => ERRORS[code as keyof typeof ERRORS].status;

interface Tried {
  status: number;
  code: string | null;
  answer: unknown;
  message: string;
}
async function attempt(call: Promise<unknown>): Promise<Tried> {
  try {
    return { status: 200, code: null, answer: await call, message: '' };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { status: error.status, code: error.code, answer: null, message: `${error.field}: ${error.message}` };
  }
}

const bodyFor = (id: OperationId): object => {
  const { body, bodyType }: Operation = OPERATIONS[id];
  if (body === undefined) return {};
  return { body: bodyType === 'application/octet-stream' ? new Uint8Array([1, 2, 3]) : exampleOf(body) };
};

/** Of the parameters of the query, those that have an example. */
function queryFor(id: OperationId): object {
  const { query = {} }: Operation = OPERATIONS[id];
  const shown = Object.entries(query).filter(([, schema]) => 'examples' in schema);
  return { query: Object.fromEntries(shown.map(([name, schema]) => [name, exampleOf(schema)])) };
}

/** By the key, or by the session where the operation is for operators alone. */
async function callAs(whose: { key: Client; session: Client }, id: OperationId, given: object): Promise<Tried> {
  const tried = await attempt(callOf(clientFor(OPERATIONS[id], whose), id)(given));
  return tried.code === 'operator.needed' ? attempt(callOf(whose.session, id)(given)) : tried;
}

const auditLines = async (): Promise<number> => (await byKey.listAudit({ query: { limit: 1 } })).items[0]?.number ?? 0;

const results = new Map<OperationId, Tried & { lines: number }>();
/** The example of an operation, tried once; `lines` is how many it left in the audit log. */
async function tryExample(id: OperationId, path: object): Promise<Tried> {
  const known = results.get(id);
  if (known !== undefined) return known;
  const isChange = OPERATIONS[id].method !== 'GET';
  const before = isChange ? await auditLines() : 0;
  const tried = await callAs(ours(), id, { path, ...queryFor(id), ...bodyFor(id) });
  results.set(id, { ...tried, lines: isChange ? (await auditLines()) - before : 0 });
  return tried;
}

/** The id in an item of a list, or in what an operation made, by the name that paths have for it. */
function idIn(item: unknown, name: string): unknown {
  const fields = (item ?? {}) as Record<string, unknown>;
  const nested = Object.values(fields).find((one) => typeof one === 'object' && one !== null && 'id' in one);
  return fields[name] ?? fields['id'] ?? (nested as { id: unknown } | undefined)?.id;
}

/** Ids for the parameters of a path: of what the example made in its collection, else of what is listed there last. Null where there is none. */
async function pathOf(path: string): Promise<Record<string, unknown> | null> {
  const found: Record<string, unknown> = {};
  for (const { 1: name = '', index } of path.matchAll(/\{(\w+)\}/g)) {
    const collection = path.slice(0, index - 1);
    const plain = `/${collection.split('/').at(-1)}`;
    const within = (method: string) =>
      ALL.find(([, one]) => one.method === method && one.path === collection) ??
      ALL.find(([, one]) => one.method === method && one.path.endsWith(plain) && !one.path.includes('{'));
    const [lister, maker] = [within('GET')?.[0], within('POST')?.[0]];
    const at = { ...found };
    const made = maker === undefined ? undefined : idIn((await tryExample(maker, at)).answer, name);
    const listed = lister === undefined ? null : (await callAs(ours(), lister, { path: at })).answer;
    const { items = [], versions = [] } = (listed ?? {}) as { items?: unknown[]; versions?: unknown[] };
    const ids = [...items, ...versions].map((item) => idIn(item, name));
    const id = WORDS[name] ?? (made !== undefined && ids.includes(made) ? made : ids.at(-1)) ?? made;
    if (id === undefined) return null;
    found[name] = id;
  }
  return found;
}

const LAST: readonly OperationId[] = ['setMyPassword', 'beginTotp', 'endSession', 'endSessions', 'logout', 'patchSecurity'];
/** First what makes things, then what reads and changes them, then what ends them; what ends sessions last of all. */
const rank = ([id, { method, path }]: [OperationId, Operation]): number => {
  if (LAST.includes(id)) return 10 + LAST.indexOf(id);
  if (method === 'DELETE') return 8;
  if (/\/(archive|stop|close|remove)$/.test(path)) return 7;
  return method === 'POST' && !path.includes('{') ? 0 : method === 'GET' ? 2 : 1;
};

describe('every operation', () => {
  test('nobody sees or changes what another account owns, by any id in any path', async () => {
    const wrong: string[] = [];
    let tried = 0;
    for (const [id, operation] of ALL.filter(([, { path }]) => path.includes('{'))) {
      const path = await pathOf(operation.path);
      if (path === null || Object.keys(path).every((name) => WORDS[name] !== undefined)) continue;
      tried += 1;
      const body = BODIES[id] === undefined ? bodyFor(id) : { body: BODIES[id] };
      const { status, code, answer } = await callAs(stranger, id, { path, ...body });
      const isEmptyList = status === 200 && (answer as { items?: unknown[] }).items?.length === 0;
      if (code !== 'not.found' && !isEmptyList) wrong.push(`${id} ${JSON.stringify(path)}: ${status} ${code}`);
    }
    expect(wrong).toEqual([]);
    expect(tried).toBeGreaterThan(30);
  });

  test('no list of one account has anything of another in it', async () => {
    const mixed: string[] = [];
    const lists = ALL.filter(([, { path, method, right }]) => method === 'GET' && right !== null && !path.includes('{'));
    for (const [id] of lists) {
      const [own, foreign] = [await callAs(ours(), id, {}), await callAs(stranger, id, {})];
      const items = ({ answer }: Tried): string[] =>
        ((answer as { items?: { id?: unknown }[] } | null)?.items ?? []).map((item) => JSON.stringify(item));
      const seen = new Set(items(own));
      if (items(foreign).some((item) => seen.has(item))) mixed.push(id);
    }
    expect(mixed).toEqual([]);
  });

  test('takes its example through the client, and answers as its schema says', { timeout: 60_000 }, async () => {
    const wrong: string[] = [];
    for (const [id, operation] of ALL.toSorted((a, b) => rank(a) - rank(b))) {
      if (LAST.includes(id) && id !== 'patchSecurity') bySession = await login('owner-of-demo');
      const path = await pathOf(operation.path);
      if (path === null) continue;
      const tried = await tryExample(id, path);
      const { errors, right, answer } = operation;
      if (tried.status === 200) {
        const [error] = answer.type === undefined ? Compile(answer.schema).Errors(tried.answer) : [];
        if (error !== undefined) wrong.push(`${id}: the answer at "${error.instancePath}" ${error.message}`);
        continue;
      }
      const known: readonly string[] = [...errors, ...(right === null ? [] : RIGHT_ERRORS)];
      const isDocumented = tried.code !== null && known.includes(tried.code) && statusOf(tried.code) === tried.status;
      if (!isDocumented || (tried.status === 400 && REFUSED[id] === undefined))
        wrong.push(`${id}: ${tried.status} ${tried.code}, ${tried.message}`);
    }
    expect(results.size).toBeGreaterThan(ALL.length * 0.9);
    expect(wrong).toEqual([]);
  });

  test('leaves a line in the audit log where it changed something, and none where it says that it does not', () => {
    const wrong: string[] = [];
    for (const [id, { status, lines }] of results) {
      const { method, audit, right }: Operation = OPERATIONS[id];
      if (method === 'GET' || status !== 200 || right === null || audit === 'in its transaction') continue;
      if (lines !== (audit === 'nothing' ? 0 : 1)) wrong.push(`${id}: ${lines} lines`);
    }
    expect(wrong).toEqual([]);
  });
});
