import type { FastifyReply, FastifyRequest } from 'fastify';

/** The cookie in which a browser keeps its session. */
export interface SessionCookie {
  read(request: FastifyRequest): string | null;
  set(reply: FastifyReply, token: string, expiresAt: Date): void;
  clear(reply: FastifyReply): void;
  /**
   * Whether a page of this server asks: the cookie comes along whoever makes a browser ask. A missing `Origin` is refused where the
   * cookie counts, and passes where nothing but the body does (an app sends none).
   */
  isOurs(request: FastifyRequest, missing: 'refused' | 'passes'): boolean;
}

// `__Host-`: bound to this very host, to https and to the whole of it, so that no neighbour and no page in clear can set it
// (RFC 6265bis, 4.1.3.2). A browser takes it by https alone; by plain http, which is for trying out, it has another name.
const NAMES = { https: '__Host-soroka', http: 'soroka' } as const;

/** `publicUrl`: how browsers reach this server. */
export function createSessionCookie(publicUrl: () => string): SessionCookie {
  const isSecure = (): boolean => publicUrl().startsWith('https:');
  const cookie = (value: string, attributes: string): string =>
    `${isSecure() ? NAMES.https : NAMES.http}=${value}; Path=/; HttpOnly; SameSite=Lax; ${attributes}${isSecure() ? '; Secure' : ''}`;
  return {
    read: (request) => cookieOf(request, isSecure() ? NAMES.https : NAMES.http),
    set: (reply, token, expiresAt) => void reply.header('Set-Cookie', cookie(token, `Expires=${expiresAt.toUTCString()}`)),
    clear: (reply) => void reply.header('Set-Cookie', cookie('', 'Max-Age=0')),
    isOurs(request, missing) {
      const { origin } = request.headers;
      if (origin === undefined) return missing === 'passes';
      const host = URL.parse(origin)?.host ?? '';
      return host !== '' && (host === request.host || host === new URL(publicUrl()).host);
    },
  };
}

/** The value of a cookie that the browser sent; null where there is none. */
export function cookieOf(request: FastifyRequest, name: string): string | null {
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim().split('='));
  return pairs.find(([key]) => key === name)?.[1] ?? null;
}
