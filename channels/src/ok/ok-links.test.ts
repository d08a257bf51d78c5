import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeOkStartLink, parseOkStartLink } from './ok-links.ts';

describe('a link that starts a chat', () => {
  test.each([
    ['70000000000001', 'summer', 'https://ok.ru/group/70000000000001/messages/start/summer'],
    ['group:70000000000001', 'a/b', 'https://ok.ru/group/70000000000001/messages/start/a%2Fb'],
    ['pizza.club', 'сырная', 'https://ok.ru/pizza.club/messages/start/%D1%81%D1%8B%D1%80%D0%BD%D0%B0%D1%8F'],
  ])('to %s with %s is %s', (group, payload, url) => {
    expect(makeOkStartLink(group, payload)).toEqual({ ok: true, url });
  });

  test.each([
    ['', 'x', 'group', 'must be the group’s id'],
    ['a/b', 'x', 'group', 'must be the group’s id'],
    ['1', '', 'payload', 'must not be empty'],
    ['1', '..', 'payload', 'must be more than points'],
    ['1', '\ud800', 'payload', 'half a character'],
    ['1', 'я'.repeat(129), 'payload', 'at most 128 characters, there are 129'],
  ])('to "%s" with a wrong payload is refused by its field', (group, payload, field, problem) => {
    expect(makeOkStartLink(group, payload)).toEqual({ ok: false, field, problem: expect.stringContaining(problem) });
  });

  test('may be as long as it is allowed to be', () => {
    expect(makeOkStartLink('1', 'x'.repeat(512), { charactersMax: 512 })).toMatchObject({ ok: true });
    expect(makeOkStartLink('1', 'xy', { charactersMax: 1 })).toMatchObject({ ok: false, field: 'payload' });
  });

  test('comes back as it went in, whatever is written into it', () => {
    const payload = fc.string({ minLength: 1, maxLength: 128, unit: 'grapheme' }).filter((text) => [...text].length <= 128);
    fc.assert(
      fc.property(fc.constantFrom('70000000000001', 'pizza.club'), payload, (group, text) => {
        const link = makeOkStartLink(group, text);
        if (!link.ok) return expect(text).toMatch(/^\.\.?$/);
        expect(parseOkStartLink(link.url)).toEqual({ ok: true, group, payload: text });
      }),
    );
  });

  test.each([
    ['ok.ru/group/1/messages/start/x', 'is no http or https address'],
    ['https://vk.com/group/1/messages/start/x', 'must lead to ok.ru'],
    ['https://ok.ru/group/1/messages', 'must end in /messages/start/'],
    ['https://ok.ru/group/1/messages/start/', 'must end in /messages/start/'],
    ['https://ok.ru/group/1/messages/start/%E0%A4', 'begins no character'],
  ])('that reads %s is none', (url, problem) => {
    expect(parseOkStartLink(url)).toEqual({ ok: false, problem: expect.stringContaining(problem) });
  });
});
