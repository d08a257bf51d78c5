import { type KeyObject, sign } from 'node:crypto';

/** A JSON Web Token in its compact form (RFC 7515, 7.1), signed by RS256 or ES256: whichever the header names and the key is of. */
export function signToken(header: { alg: 'RS256' | 'ES256'; [name: string]: string }, claims: object, key: KeyObject): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part(header)}.${part(claims)}`;
  // RFC 7518, 3.4: r and s, not DER. RSA knows no such choice.
  const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}
