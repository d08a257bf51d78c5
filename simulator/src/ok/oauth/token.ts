import type { FastifyReply } from 'fastify';
import { OK_APPLICATION, type Session } from '../application.ts';
import type { OkNetwork } from '../ok-network.ts';

// Of OK's error names only access_denied and invalid_token were seen. [?] Its HTTP status for them is not known.
const REFUSED_STATUS = 400;

type Parameters = Readonly<Record<string, string>>;

/**
 * `oauth/token.do`: a code or a refresh token for an access token. Form and query are read alike. Two answers are no JSON, as
 * recorded from OK: nothing given at all, and a `client_id` that is no number (HTTP 200!). Source: contracts/ok.md 2.2.
 */
export function answerToken(given: Parameters, reply: FastifyReply, { sessions }: OkNetwork): FastifyReply {
  if (Object.keys(given).length === 0) {
    return sendHtml(
      reply.code(400),
      '<html><head><title>Error report</title></head><body><h1>HTTP Status 400 - Provide OAUTH request parameters!</h1></body></html>',
    );
  }
  if (!/^\d+$/.test(given['client_id'] ?? '')) {
    return sendHtml(
      reply,
      '<html><body>Error : Failed to convert value of type [java.lang.String] to required type [java.lang.Long]</body></html>',
    );
  }
  if (given['client_id'] !== OK_APPLICATION.id || given['client_secret'] !== OK_APPLICATION.secret) {
    return refuse(reply, 'access_denied', 'Unknown application or wrong client_secret');
  }
  if (given['grant_type'] === 'authorization_code') {
    const session = sessions.byCode(given['code'] ?? '');
    if (session === null) return refuse(reply, 'access_denied', 'Invalid code');
    return grant(reply, sessions.issue(session), session, { refresh_token: session.refreshToken });
  }
  if (given['grant_type'] === 'refresh_token') {
    const session = sessions.byRefreshToken(given['refresh_token'] ?? '');
    if (session === null) return refuse(reply, 'invalid_token', 'Invalid refresh token');
    // No new refresh token: the old one goes on.
    return grant(reply, sessions.issue(session), session, {});
  }
  return refuse(reply, 'access_denied', 'grant_type must be authorization_code or refresh_token');
}

function grant(reply: FastifyReply, lifetimeMs: number, session: Session, more: { refresh_token?: string }): FastifyReply {
  return sendJson(reply, {
    access_token: session.accessToken,
    ...more,
    token_type: 'session',
    expires_in: String(lifetimeMs / 1_000),
  });
}

function refuse(reply: FastifyReply, error: string, description: string): FastifyReply {
  return sendJson(reply.code(REFUSED_STATUS), { error, error_description: description });
}

function sendJson(reply: FastifyReply, body: object): FastifyReply {
  return reply.type('application/json;charset=utf-8').header('cache-control', 'no-store').send(JSON.stringify(body));
}

function sendHtml(reply: FastifyReply, html: string): FastifyReply {
  return reply.type('text/html;charset=utf-8').send(html);
}
