import {
  CodeRequest,
  MePatch,
  type Me as MeShown,
  NetworkStart,
  PasswordChange,
  PasswordProof,
  RIGHTS,
  type Right,
  seesPhones,
} from '@soroka/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Compile } from 'typebox/compile';
import type { Operator, Operators, SessionCaller } from '../operators/operators.ts';
import { AppError } from '../platform/errors.ts';
import { managerOf, sessionOf } from './auth.ts';
import { readNetwork, setVisitCookie } from './login-callbacks.ts';
import { placeOf } from './login-routes.ts';
import { readFields } from './operator-body.ts';
import { shownOperator } from './operator-routes.ts';
import { readId } from './query.ts';
import type { SessionCookie } from './session-cookie.ts';

const patchCheck = Compile(MePatch);
const passwordCheck = Compile(PasswordChange);
const proofCheck = Compile(PasswordProof);
const codeCheck = Compile(CodeRequest);
const startCheck = Compile(NetworkStart);

export interface SessionRoutesParts {
  operators: Pick<Operators, 'staff' | 'sessions' | 'pairings' | 'login' | 'secondFactor' | 'networkLogin'>;
  cookie: SessionCookie;
  publicUrl: () => string;
}

/** Handlers of what operators do with their own profile and sessions, by the ids of their operations. */
export function createSessionRoutes({ operators, cookie, publicUrl }: SessionRoutesParts) {
  const { staff, sessions, pairings, login, secondFactor, networkLogin } = operators;

  const operatorOf = async ({ accountId, operatorId }: SessionCaller): Promise<Operator> => {
    const operator = await staff.get(accountId, operatorId);
    if (operator === null) throw new AppError('not.found', 'this operator was removed');
    return operator;
  };
  const sendMe = async (reply: FastifyReply, session: SessionCaller): Promise<FastifyReply> => {
    const [operator, { secondFactorRequired }, networks] = await Promise.all([
      operatorOf(session),
      staff.policy(session.accountId),
      networkLogin.linked(session),
    ]);
    const me: MeShown = {
      ...shownOperator(operator, true),
      login: operator.login ?? '',
      account: { id: session.accountId, name: session.accountName },
      rights: (Object.keys(RIGHTS) as Right[]).filter((right) => session.rights.has(right)),
      session: { id: session.sessionId, kind: session.kind },
      secondFactor: { isOn: operator.hasSecondFactor, isRequired: secondFactorRequired && seesPhones(operator.role) },
      networks: [...networks],
    };
    return reply.send(me);
  };
  /** For what a phone left on a table must not be enough for. */
  const provePassword = async (request: FastifyRequest, password: string): Promise<void> => {
    if (!(await login.isPasswordOf(sessionOf(request), password, placeOf(request, 'cookie'))))
      throw new AppError('login.refused', 'this is not your password', { field: 'password' });
  };

  return {
    getMe: (request: FastifyRequest, reply: FastifyReply) => sendMe(reply, sessionOf(request)),

    async patchMe(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const session = sessionOf(request);
      const change = await readFields(request, MePatch, patchCheck);
      await staff.change(session.accountId, managerOf(request), session.operatorId, change);
      return sendMe(reply, session);
    },

    async setMyPassword(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { password, newPassword } = await readFields(request, PasswordChange, passwordCheck);
      await provePassword(request, password);
      const session = sessionOf(request);
      const given = { password: newPassword, field: 'newPassword', keepSessionId: session.sessionId };
      await staff.setPassword(session.accountId, managerOf(request), session.operatorId, given);
      return sendMe(reply, session);
    },

    async beginTotp(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { password } = await readFields(request, PasswordProof, proofCheck);
      await provePassword(request, password);
      const session = sessionOf(request);
      const { login: name } = await operatorOf(session);
      return reply.send(await secondFactor.begin({ ...session, login: name ?? '' }));
    },

    async confirmTotp(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { code } = await readFields(request, CodeRequest, codeCheck);
      const recoveryCodes = await secondFactor.confirm(sessionOf(request), managerOf(request), code);
      if (recoveryCodes === null) throw new AppError('login.refused', 'this code is not the one of now', { field: 'code' });
      return reply.send({ recoveryCodes });
    },

    async removeTotp(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { password } = await readFields(request, PasswordProof, proofCheck);
      await provePassword(request, password);
      await secondFactor.remove(sessionOf(request), managerOf(request));
      return sendMe(reply, sessionOf(request));
    },

    async startNetworkLink(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const network = readNetwork(request);
      const { returnTo = '/console/' } = await readFields(request, NetworkStart, startCheck);
      const { url, state } = await networkLogin.leave(network, { returnTo, link: sessionOf(request) });
      setVisitCookie(reply, { network, state, publicUrl: publicUrl() });
      return reply.send({ url });
    },

    async unlinkNetwork(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      await networkLogin.unlink(sessionOf(request), readNetwork(request));
      return reply.send({ removed: 1 });
    },

    async listSessions(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { accountId, operatorId, sessionId } = sessionOf(request);
      const own = await sessions.list(accountId, operatorId);
      return reply.send({ items: own.map((session) => ({ ...session, isCurrent: session.id === sessionId })), nextCursor: null });
    },

    async logout(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const session = sessionOf(request);
      const removed = await sessions.logOut(session, managerOf(request).actor, { id: session.sessionId });
      if (session.kind === 'web') cookie.clear(reply);
      return reply.send({ removed });
    },

    async endSessions(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const session = sessionOf(request);
      const removed = await sessions.logOut(session, managerOf(request).actor, { except: session.sessionId });
      return reply.send({ removed });
    },

    async endSession(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const id = readId('sessionId', (request.params as { sessionId: string }).sessionId);
      const removed = id === null ? 0 : await sessions.logOut(sessionOf(request), managerOf(request).actor, { id });
      if (removed === 0) throw new AppError('not.found', 'you have no such session');
      return reply.send({ removed });
    },

    async addPairing(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      return reply.send(await pairings.add(sessionOf(request)));
    },

    async getPairing(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const id = readId('pairingId', (request.params as { pairingId: string }).pairingId);
      const pairing = id === null ? null : await pairings.get(sessionOf(request), id);
      if (pairing === null) throw new AppError('not.found', 'you have shown no such code');
      return reply.send(pairing);
    },
  };
}
