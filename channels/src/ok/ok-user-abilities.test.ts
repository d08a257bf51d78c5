import { expect, test } from 'vitest';
import { OK_USER_ABILITIES } from './ok-user-abilities.ts';

test('every scope that OK lists is good for something, and what cannot be done asks for none', () => {
  // apiok.ru/en/ext/oauth/permissions
  const listed = 'VALUABLE_ACCESS LONG_ACCESS_TOKEN PHOTO_CONTENT GROUP_CONTENT VIDEO_CONTENT APP_INVITE GET_EMAIL'.split(' ');
  const asked = OK_USER_ABILITIES.flatMap(({ scope }) => scope?.split(', ') ?? []);
  expect([...new Set(asked)].sort()).toEqual(listed.sort());
  for (const ability of OK_USER_ABILITIES.filter(({ can }) => !can)) expect(ability).toMatchObject({ scope: null, how: null });
});
