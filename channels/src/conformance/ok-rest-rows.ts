import { createOkOAuth, createOkRest, type OkOAuth, type OkRest } from '../channels.ts';
import { OK_ERROR_ANSWERS } from './ok-rows.ts';
import { action, grant, send } from './outcomes.ts';
import { ANNA, type Closing, type Methods, never, type Row, type Side, TIMEOUT_MS } from './rows.ts';

const GROUP = '70000000000001';
/** Anna's, of the simulated application. */
const SESSION = { accessToken: 'ok-user-anna' };
const REDIRECT = 'http://localhost:8080/oauth/ok/callback';
/** Nobody has it. */
const NOBODY = '1';
/** Plays no game. */
const DINA_OK = '123456789016';
const DAY_MS = 86_400_000;

/** What speaks for an application: its REST methods, and the tokens that people give it. */
interface Application extends Closing {
  rest: OkRest;
  oauth: OkOAuth;
  /** For the call that waits on purpose, and so longer than the client. */
  patienceMs: number;
}

/** `call` is what the others are made of. */
const OF_AN_APPLICATION: Omit<Methods<OkRest>, 'call'> & Methods<OkOAuth> = {
  sendSimple: true,
  sendMass: true,
  stopSendMass: true,
  sendMessage: true,
  getUsers: true,
  getCurrentUser: true,
  isAppUser: true,
  getCallsLeft: true,
  getMemberships: true,
  getUpdates: true,
  touchSession: true,
  exchangeCode: true,
  refresh: true,
};

const NOTIFYING: readonly Row<Application>[] = [
  {
    method: 'sendSimple',
    refusedBy: 'itself',
    async prepare() {
      const to =
        (uid: string) =>
        ({ rest }: Application) =>
          send(rest.sendSimple({ uid, text: 'Готово' }, never));
      return { call: to(ANNA.ok), refused: to(DINA_OK) };
    },
  },
  {
    method: 'sendMass',
    refusedBy: 'an error',
    async prepare({ networks }) {
      const { now } = (await networks.control('GET', '/clock')) as { now: number };
      const notification = { text: 'Скидки', expiresAt: new Date(now + DAY_MS) };
      return { call: ({ rest }) => action(rest.sendMass(notification, never)) };
    },
  },
  {
    method: 'stopSendMass',
    refusedBy: 'itself',
    againAfterLoss: 'refused',
    async prepare({ networks, party }) {
      const { now } = (await networks.control('GET', '/clock')) as { now: number };
      const sent = await party.rest.sendMass({ text: 'Скидки', expiresAt: new Date(now + DAY_MS) }, never);
      if (sent.kind !== 'done') throw new Error(sent.detail);
      const stop =
        (id: string) =>
        ({ rest }: Application) =>
          action(rest.stopSendMass(id, never));
      return { call: stop(sent.result.id), refused: stop('999999') };
    },
  },
  {
    method: 'sendMessage',
    refusedBy: 'an error',
    async prepare() {
      const notification = { userIds: [ANNA.ok], message: 'Готово' };
      return { call: ({ rest }) => action(rest.sendMessage(notification, never)) };
    },
  },
];

const ASKING: readonly Row<Application>[] = [
  {
    method: 'getUsers',
    refusedBy: 'an error',
    async prepare() {
      return { call: ({ rest }) => action(rest.getUsers([ANNA.ok, NOBODY], never)) };
    },
  },
  {
    method: 'getCurrentUser',
    refusedBy: 'an error',
    async prepare() {
      return { call: ({ rest }) => action(rest.getCurrentUser(SESSION, never)) };
    },
  },
  {
    method: 'isAppUser',
    refusedBy: 'itself',
    async prepare() {
      const ask =
        (uid: string) =>
        ({ rest }: Application) =>
          action(rest.isAppUser(uid, never));
      return { call: ask(ANNA.ok), refused: ask(NOBODY) };
    },
  },
  {
    method: 'getCallsLeft',
    refusedBy: 'itself',
    async prepare() {
      const ask =
        (userId: string) =>
        ({ rest }: Application) =>
          action(rest.getCallsLeft(['notifications.sendSimple'], never, { userId }));
      return { call: ask(ANNA.ok), refused: ask(NOBODY) };
    },
  },
  {
    method: 'getMemberships',
    refusedBy: 'itself',
    async prepare() {
      const ask =
        (groupId: string) =>
        ({ rest }: Application) =>
          action(rest.getMemberships(groupId, [ANNA.ok], never));
      return { call: ask(GROUP), refused: ask(NOBODY) };
    },
  },
  {
    method: 'getUpdates',
    refusedBy: 'an error',
    async prepare() {
      return { call: ({ rest, patienceMs }) => action(rest.getUpdates({}, AbortSignal.timeout(patienceMs))) };
    },
  },
];

const ACCESS: readonly Row<Application>[] = [
  {
    method: 'touchSession',
    refusedBy: 'an error',
    async prepare() {
      return { call: ({ rest }) => action(rest.touchSession(SESSION, never)) };
    },
  },
  {
    method: 'exchangeCode',
    refusedBy: 'itself',
    againAfterLoss: 'refused',
    async prepare() {
      const exchange =
        (code: string) =>
        ({ oauth }: Application) =>
          grant(oauth.exchangeCode({ code, redirectUri: REDIRECT }, never));
      return { call: exchange('demo-code-anna'), refused: exchange('nobodys') };
    },
  },
  {
    method: 'refresh',
    refusedBy: 'itself',
    async prepare() {
      const refresh =
        (token: string) =>
        ({ oauth }: Application) =>
          grant(oauth.refresh(token, never));
      return { call: refresh('ok-refresh-anna'), refused: refresh('nobodys') };
    },
  },
];

/** The REST API of OK, by an application, and its OAuth. */
export const OK_REST: Side<Application> = {
  name: 'OK, REST and OAuth',
  methods: Object.keys(OF_AN_APPLICATION),
  faults: 'ok',
  open(url, { timeoutMs = TIMEOUT_MS, hasWrongToken = false } = {}) {
    const baseUrl = `${url}/ok`;
    const applicationSecret = hasWrongToken ? 'wrong-key' : 'DEMOAPPSECRET';
    const rest = createOkRest({ baseUrl, applicationKey: 'CBADEMOKEY', applicationSecret, timeoutMs });
    const oauth = createOkOAuth({ baseUrl, applicationId: '1246100000', applicationSecret, timeoutMs });
    return {
      rest,
      oauth,
      patienceMs: timeoutMs,
      async close() {
        await Promise.all([rest.close(), oauth.close()]);
      },
    };
  },
  async answerWithError(error, _row, { front }) {
    front.breakWith(OK_ERROR_ANSWERS[error]);
  },
  rows: [...NOTIFYING, ...ASKING, ...ACCESS],
};
