import type { FastifyInstance, InjectOptions } from 'fastify';
import type { Account, Caller } from '../accounts/accounts.ts';
import type { AcceptAnswer, MessageView, NewNotification } from '../dispatch/dispatch.ts';
import { systemClock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';
import { createHttpClient } from '../platform/http-client.ts';
import { createLogger } from '../platform/telemetry.ts';
import { createHttp, type HttpParts } from './http.ts';
import { noBots } from './http-stand-bots.ts';
import { knowsNobody, tellsNobody } from './http-stand-contacts.ts';
import { emptyDesk } from './http-stand-desk.ts';
import { nobody } from './http-stand-operators.ts';
import { nobodyIsTold } from './http-stand-push.ts';
import { emptyReplies } from './http-stand-replies.ts';

/**
 * The HTTP part for tests of its own matters (envelopes, validation, headers): dispatch takes everything and keeps it in
 * memory, so nothing here says anything about storing or sending.
 */
export interface Stand extends AsyncDisposable {
  app: FastifyInstance;
  /** What dispatch was given, in order. */
  accepted: NewNotification[];
  /** Messages that GET finds. */
  views: MessageView[];
  post(body: unknown, options?: InjectOptions): Promise<StandAnswer>;
  call(options: InjectOptions): Promise<StandAnswer>;
}
export interface StandAnswer {
  status: number;
  headers: Record<string, unknown>;
  text: string;
  /** The text as JSON; undefined where it is none. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of any shape
  body: any;
}

export const KEY = 'soroka_test_secret';
const CALLER: Caller = { accountId: 1, accountName: 'Test account', keyId: 'test', scopes: ['send', 'read', 'admin'] };

type Changes = Partial<Omit<HttpParts, 'connections' | 'dispatch' | 'templates'>> & {
  templates?: Partial<HttpParts['templates']>;
  connections?: Partial<HttpParts['connections']>;
  dispatch?: Partial<HttpParts['dispatch']>;
};

export async function startStand({ connections, dispatch, templates, ...changes }: Changes = {}): Promise<Stand> {
  const accepted: NewNotification[] = [];
  const views: MessageView[] = [];
  const paused = new Map<number, Date>();
  const account: Account = {
    id: 1,
    name: 'Test account',
    statusUrl: null,
    incomingUrl: null,
    quietHours: null,
    callbackSecret: 'whsec_dGVzdA==',
  };
  const callers = new Map<string, Caller>([
    [KEY, CALLER],
    ['only-read', { ...CALLER, keyId: 'only-read', scopes: ['read'] }],
  ]);
  const httpClient = createHttpClient({ allowCidrs: [] });
  const app = await createHttp({
    dispatch: {
      async accept(_accountId, items) {
        accepted.push(...items);
        const answers = items.map(
          (_, index): AcceptAnswer => ({ ok: true, messageId: 1_000_001 + accepted.length - items.length + index }),
        );
        return { kind: 'accepted', answers };
      },
      rehearse: async (_accountId, items) =>
        items.map(() => ({
          ...{
            ok: true,
            text: 'Hello',
            channel: 'VK',
            groupId: '1',
            outcome: 'SENT',
            isPaused: false,
            waiting: 0,
            perSecond: 50,
          },
          ...{ dueAt: new Date(0), sentBy: new Date(20), caps: [] },
        })),
      get: async (_accountId, messageId) => views.find((view) => view.messageId === messageId) ?? null,
      list: async (_accountId, { limit, beforeId = Number.MAX_SAFE_INTEGER }) =>
        views
          .filter(({ messageId }) => messageId < beforeId)
          .sort((a, b) => b.messageId - a.messageId)
          .slice(0, limit),
      async cancel(_accountId, messageId) {
        const view = views.find((candidate) => candidate.messageId === messageId);
        if (view === undefined) return 'not_found';
        if (view.status !== 'QUEUED') return 'already_sent';
        view.status = 'CANCELLED';
        return 'cancelled';
      },
      cancelAll: async (_accountId, messageIds) => ({ cancelled: messageIds, alreadySent: [], notFound: [] }),
      cancelOfKey: async (_accountId, key) => (key === 'order 5' ? { cancelled: [5], alreadySent: [], notFound: [] } : null),
      cancelOfPhone: async (_accountId, phone) => ({ cancelled: [Number(phone)], alreadySent: [], notFound: [] }),
      pauseSender: async (_accountId, senderId) => void paused.set(senderId, new Date(0)),
      resumeSender: async (_accountId, senderId) => void paused.delete(senderId),
      pausedSenders: async () => paused,
      course: async () => null,
      ...dispatch,
    },
    accounts: {
      authenticate: async (key) => callers.get(key) ?? null,
      authenticateBasic: async (login, password) => (login === CALLER.accountName ? (callers.get(password) ?? null) : null),
      get: async () => account,
      setUrls: async (_id, urls) => Object.assign(account, urls),
      setQuietHours: async (_id, quietHours) => Object.assign(account, { quietHours }),
      signingSecrets: async () => [account.callbackSecret],
      rotateCallbackSecret: async () => account,
      createKey: async () => ({ id: 'test', key: KEY }),
      revokeKey: async () => false,
      listKeys: async () => [],
      urls: async () => account,
    },
    callbacks: {
      list: async () => ({ items: [], nextCursor: null }),
      get: async () => null,
      ofOrderKey: async () => [],
      replay: async () => false,
      replayAll: async () => ({ replayed: 0, isMore: false }),
      endpoints: async () => ({ items: [], nextCursor: null }),
      endpoint: async () => null,
      enableEndpoint: async () => null,
      tryUrl: async () => ({ outcome: 'delivered', problem: null, durationMs: 1, answer: { status: 200, bodyHead: '' } }),
    },
    connections: {
      senders: async () => [{ id: 7, accountId: 1, name: 'Group_name', budgetPerDay: null, forbiddenPatterns: [], routes: [] }],
      add: nowhere,
      change: nowhere,
      pause: nowhere,
      resume: nowhere,
      remove: async () => false,
      credentials: nowhere,
      webhookUrl: nowhere,
      addSender: nowhere,
      setSender: nowhere,
      list: async () => [],
      channel: async (id) => {
        throw new AppError('not.found', `there is no connection ${id}`);
      },
      ...connections,
    },
    health: { of: async () => null },
    connecting: {
      networkUrls: { vk: 'http://127.0.0.1:1', ok: 'http://127.0.0.1:1' },
      timeoutMs: 1_000,
      examine: async () => [],
    },
    templates: {
      list: async () => [],
      all: async () => [],
      find: async () => null,
      add: nowhere,
      set: nowhere,
      preview: () => ({ variables: [], text: '', problems: [] }),
      versions: async () => [],
      addVersion: nowhere,
      approveVersion: nowhere,
      archiveVersion: nowhere,
      ...templates,
    },
    dialogs: {
      list: async () => ({ items: [], nextCursor: null }),
      async messages(_accountId, dialogId) {
        if (dialogId === 404) return null;
        if (dialogId === 500) throw new AppError('parameter.invalid', 'not a cursor', { field: 'cursor' });
        return { items: [], nextCursor: null };
      },
      moveToContact: async () => [],
      place: async () => null,
      linesAfter: async () => [],
    },
    desk: emptyDesk(),
    replies: emptyReplies(),
    push: nobodyIsTold(),
    search: { messages: async () => ({ items: [], nextBeforeId: null, isCut: false }), people: async () => [] },
    files: {
      store: async () => {
        throw new AppError('file.empty', 'this stand keeps no files');
      },
      get: async () => null,
      read: async function* () {},
      thumbnail: async () => null,
    },
    events: {
      head: async () => 0,
      after: async () => ({ type: 'event', sequence: 0, isEmpty: true, bytes: Buffer.from('{}') }),
      listen: () => ({ beat: () => ({ type: 'event', sequence: 0, isEmpty: true, bytes: Buffer.from('{}') }), stop: () => {} }),
      issueTicket: async () => ({ ticket: 'ticket', expiresAt: new Date(0) }),
      redeemTicket: async () => null,
    },
    rawEvents: { list: async () => ({ items: [], nextCursor: null }), replay: async (_accountId, id) => id === 5 },
    bots: noBots(),
    contacts: knowsNobody(),
    broadcasts: tellsNobody(),
    operators: nobody(),
    audit: { list: async () => ({ items: [], nextNumber: null }), add: async () => {} },
    publicUrl: () => 'http://127.0.0.1:8080',
    httpClient,
    clock: systemClock,
    log: createLogger('silent'),
    isReady: async () => null,
    version: '0.0.0',
    servesApi: true,
    ...changes,
  });
  const call = async (options: InjectOptions): Promise<StandAnswer> => {
    const { statusCode, headers, body } = await app.inject({
      ...options,
      headers: { authorization: `Key ${KEY}`, ...options.headers },
    });
    return { status: statusCode, headers, text: body, body: parsed(body) };
  };
  return {
    app,
    accepted,
    views,
    call,
    post: (body, options = {}) =>
      call({
        method: 'POST',
        url: '/vk/messages',
        payload: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
        ...options,
        headers: { 'content-type': 'application/json', ...options.headers },
      }),
    async [Symbol.asyncDispose]() {
      await app.close();
      await httpClient.close();
    },
  };
}

const nowhere = async (): Promise<never> => {
  throw new AppError('not.found', 'there is no database here');
};

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A message that nothing is wrong with, and changes of it; undefined removes a field. */
export function message(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    phone: '79999999999',
    service: 'Group_name',
    templateId: 4,
    tmpl_data: { name: 'Anna', pizza: 'Margarita' },
    ...changes,
  };
}
