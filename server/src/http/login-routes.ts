import {
  CodeRequest,
  InvitationAcceptance,
  LoginRequest,
  NetworkStart,
  type OpenedSession,
  PairingRedemption,
} from '@soroka/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Compile } from 'typebox/compile';
import type { IssuedSession, LoginResult, Operators, Place } from '../operators/operators.ts';
import { AppError } from '../platform/errors.ts';
import { findSession } from './auth.ts';
import { readNetwork, setVisitCookie } from './login-callbacks.ts';
import { readFields } from './operator-body.ts';
import type { SessionCookie } from './session-cookie.ts';

const loginCheck = Compile(LoginRequest);
const codeCheck = Compile(CodeRequest);
const startCheck = Compile(NetworkStart);
const acceptanceCheck = Compile(InvitationAcceptance);
const redemptionCheck = Compile(PairingRedemption);

export interface LoginRoutesParts {
  operators: Pick<Operators, 'login' | 'sessions' | 'invitations' | 'pairings' | 'networkLogin'>;
  cookie: SessionCookie;
  publicUrl: () => string;
}

type Form = 'cookie' | 'token';

/** Handlers of the routes by which strangers become operators, by the ids of their operations. */
export function createLoginRoutes({ operators, cookie, publicUrl }: LoginRoutesParts) {
  const { login, sessions, invitations, pairings, networkLogin } = operators;

  const send = (reply: FastifyReply, session: IssuedSession, form: Form): FastifyReply => {
    const { id: sessionId, awaitsCode, expiresAt, token } = session;
    const shown: OpenedSession = { sessionId, awaitsCode, expiresAt: expiresAt.toISOString() };
    if (form === 'token') return reply.send({ ...shown, token });
    cookie.set(reply, token, expiresAt);
    return reply.send(shown);
  };
  const sendResult = (reply: FastifyReply, result: LoginResult, form: Form): FastifyReply => {
    switch (result.kind) {
      case 'opened':
        return send(reply, result.session, form);
      case 'refused':
        throw new AppError('login.refused', 'nothing fits together');
      case 'throttled':
        reply.header('Retry-After', String(result.retryAfterSeconds));
        throw new AppError('rate.limit', `too many wrong tries; wait ${result.retryAfterSeconds} s`);
    }
  };
  const fromOurs = (request: FastifyRequest): void => {
    if (!cookie.isOurs(request, 'passes')) throw new AppError('origin.foreign', 'the header Origin is not of this server');
  };

  return {
    getLoginWays: async (_request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> =>
      reply.send({ password: true, networks: networkLogin.networks() }),

    async login(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      fromOurs(request);
      const { session: form = 'cookie', ...given } = await readFields(request, LoginRequest, loginCheck);
      return sendResult(reply, await login.withPassword(given, placeOf(request, form)), form);
    },

    async loginWithCode(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      fromOurs(request);
      const { code } = await readFields(request, CodeRequest, codeCheck);
      const session = await findSession({ sessions, cookie }, request);
      if (session === null) throw new AppError('login.refused', 'no session that awaits a code: log in first');
      const form = session.kind === 'web' ? 'cookie' : 'token';
      return sendResult(reply, await login.withCode(session, code, placeOf(request, form)), form);
    },

    async startNetworkLogin(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      fromOurs(request);
      const network = readNetwork(request);
      const { returnTo = '/console/' } = await readFields(request, NetworkStart, startCheck);
      const { url, state } = await networkLogin.leave(network, { returnTo, link: null });
      setVisitCookie(reply, { network, state, publicUrl: publicUrl() });
      return reply.send({ url });
    },

    async acceptInvitation(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      fromOurs(request);
      const { session: form = 'cookie', ...given } = await readFields(request, InvitationAcceptance, acceptanceCheck);
      return send(reply, await invitations.accept(given, placeOf(request, form)), form);
    },

    async redeemPairing(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { code, device } = await readFields(request, PairingRedemption, redemptionCheck);
      const place = placeOf(request, 'token');
      return send(reply, await pairings.redeem(code, { ...place, device: device ?? place.device }), 'token');
    },
  };
}

/** Where a request comes from, as a session keeps it. */
export function placeOf(request: FastifyRequest, form: Form): Place {
  const device = request.headers['user-agent'] ?? null;
  return { kind: form === 'cookie' ? 'web' : 'device', device, address: request.ip };
}
