import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeVkRefLink, parseVkRefLink } from './vk-links.ts';

describe('a link that tells where somebody came from', () => {
  test.each([
    ['213243638', 'summer', 'https://vk.me/club213243638?ref=summer'],
    ['pizza.club', 'a b&c', 'https://vk.me/pizza.club?ref=a%20b%26c'],
    ['pizza_club', 'сыр', 'https://vk.me/pizza_club?ref=%D1%81%D1%8B%D1%80'],
  ])('to %s with %s is %s', (group, ref, url) => {
    expect(makeVkRefLink(group, ref)).toEqual({ ok: true, url });
  });

  test.each([
    ['', 'x', 'group', 'must be the community’s id'],
    ['-1', 'x', 'group', 'must be the community’s id'],
    ['1', '', 'ref', 'must not be empty'],
    ['1', '\ud800', 'ref', 'half a character'],
    ['1', 'я'.repeat(129), 'ref', 'at most 128 characters, there are 129'],
  ])('to "%s" with a wrong ref is refused by its field', (group, ref, field, problem) => {
    expect(makeVkRefLink(group, ref)).toEqual({ ok: false, field, problem: expect.stringContaining(problem) });
  });

  test('comes back as it went in, whatever is written into it', () => {
    const text = fc.string({ minLength: 1, maxLength: 128, unit: 'grapheme' }).filter((ref) => [...ref].length <= 128);
    fc.assert(
      fc.property(fc.constantFrom('213243638', 'pizza.club'), text, (group, ref) => {
        const link = makeVkRefLink(group, ref);
        expect(link.ok && parseVkRefLink(link.url)).toEqual({ ok: true, group, ref });
      }),
    );
  });

  test.each([
    ['vk.me/pizza?ref=x', 'is no http or https address'],
    ['https://ok.ru/pizza?ref=x', 'must lead to vk.me'],
    ['https://vk.me/?ref=x', 'must name the community'],
    ['https://vk.me/pizza/menu?ref=x', 'must name the community'],
    ['https://vk.me/pizza', 'carries no ref'],
  ])('that reads %s is none', (url, problem) => {
    expect(parseVkRefLink(url)).toEqual({ ok: false, problem: expect.stringContaining(problem) });
  });
});
