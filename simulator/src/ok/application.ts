import type { Group } from '../world/world.ts';

/** The OK application of the demo world: documents print its id, key and secret. */
export const OK_APPLICATION = {
  id: '1246100000',
  key: 'CBADEMOKEY',
  secret: 'DEMOAPPSECRET',
  name: 'Пиццерия «Сорока»',
  /** What its webhook must answer when it is confirmed (contracts/ok.md 4.4). */
  confirmation: 'soroka-demo-confirmation',
  /** Registered from the start; more by the control API. */
  redirectUris: [
    'http://localhost:8080/oauth/ok/callback',
    'http://127.0.0.1:8080/oauth/ok/callback',
    'http://localhost:8080/v1/login/ok/callback',
    'http://127.0.0.1:8080/v1/login/ok/callback',
    'https://oauth.mycdn.me/blank.html',
    'https://api.ok.ru/blank.html',
    'okauth://ok1246100000',
    'ok1246100000://authorize',
  ],
} as const;

/** Who an application's notifications come from: no group, so nobody can write to it, and no group's ban touches it. */
export const APPLICATION_SENDER: Group = {
  network: 'ok',
  id: OK_APPLICATION.id,
  name: OK_APPLICATION.name,
  token: OK_APPLICATION.key,
  service: '',
};

/** Rights that a person is asked for (contracts/ok.md 2.3). Historic names with a space are taken for those with a line. */
export const SCOPES = [
  'VALUABLE_ACCESS',
  'LONG_ACCESS_TOKEN',
  'PHOTO_CONTENT',
  'GROUP_CONTENT',
  'VIDEO_CONTENT',
  'APP_INVITE',
  'GET_EMAIL',
  'SET_STATUS',
] as const;
export type Scope = (typeof SCOPES)[number];

/** The scopes of `scope=A;B`: `;` is documented, a comma or a space is not. Unknown ones stay in the list. */
export function readScopes(scope: string | undefined): string[] {
  return (scope ?? '')
    .split(';')
    .map((name) => name.trim().replaceAll(' ', '_'))
    .filter((name) => name !== '');
}
