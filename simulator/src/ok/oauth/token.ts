import type { FastifyReply } from 'fastify';
import { OK_APPLICATION } from '../application.ts';
import type { OkNetwork } from '../ok-network.ts';
import type { Granted } from '../sessions.ts';

type Parameters = Readonly<Record<string, string>>;

/**
 * `oauth/token.do`: a code or a refresh token for an access token. Form and query are read alike. Two answers are no JSON, as
 * recorded from OK: nothing given at all, and a `client_id` that is no number (HTTP 200!). Source: contracts/ok.md 2.2.
 */
export function answerToken(given: Parameters, reply: FastifyReply, { sessions, settings }: OkNetwork): FastifyReply {
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
  // Of OK's error names only these two were seen.
  const refuse = (error: 'access_denied' | 'invalid_token', description: string): FastifyReply =>
    sendJson(reply.code(settings.values.oauthErrorStatus), { error, error_description: description });
  if (given['client_id'] !== OK_APPLICATION.id || given['client_secret'] !== OK_APPLICATION.secret) {
    return refuse('access_denied', 'Unknown application or wrong client_secret');
  }
  if (given['grant_type'] === 'authorization_code') {
    const redeemed = sessions.redeem(given['code'] ?? '', given['redirect_uri'] ?? '');
    if (!redeemed.ok) return refuse('access_denied', redeemed.problem);
    return sendJson(reply, answerOf(redeemed.granted, { refresh_token: redeemed.granted.refreshToken }));
  }
  if (given['grant_type'] === 'refresh_token') {
    const granted = sessions.refresh(given['refresh_token'] ?? '');
    // No new refresh token: the old one goes on.
    return granted === null ? refuse('invalid_token', 'Invalid refresh token') : sendJson(reply, answerOf(granted, {}));
  }
  return refuse('access_denied', 'grant_type must be authorization_code or refresh_token');
}

/** [?] Whether expires_in is a text or a number is not known: clients read both. */
function answerOf({ session, expiresInSeconds }: Granted, more: { refresh_token?: string }): object {
  return { access_token: session.accessToken, ...more, token_type: 'session', expires_in: String(expiresInSeconds) };
}

function sendJson(reply: FastifyReply, body: object): FastifyReply {
  return reply.type('application/json;charset=utf-8').header('cache-control', 'no-store').send(JSON.stringify(body));
}

function sendHtml(reply: FastifyReply, html: string): FastifyReply {
  return reply.type('text/html;charset=utf-8').send(html);
}
