import { describe, expect, test } from 'vitest';
import { canonicalPayload, hasKeyword, type KeywordMode, phrasesOf, readText, type Synonyms } from './matching.ts';

const has = (mode: KeywordMode, keyword: string, text: string, synonyms: Synonyms = []) =>
  hasKeyword(readText(text), { mode, phrases: phrasesOf(keyword, synonyms) });

describe('words as they are written', () => {
  test.each([
    ['привет', 'Привет!!!', true],
    ['привет', 'приветствую', false],
    ['привет', 'ну, ПРИВЕТ 👋', true],
    ['ещё', 'хочу еще пиццу', true],
    ['еще', 'Ещё одну', true],
    ['добрый день', 'Здравствуйте, добрый день.', true],
    ['добрый день', 'день добрый', false],
    ['доставк*', 'доставку закажу', true],
    ['доставк*', 'доставить', false],
    ['доставка', 'доставку', false],
    ['чай', 'чай'.normalize('NFD'), true],
  ])('"%s" against "%s": %s', (keyword, text, expected) => {
    expect(has('words', keyword, text)).toBe(expected);
  });
});

describe('forms, typos and nothing else', () => {
  test.each<[KeywordMode, string, string, boolean]>([
    ['contains', 'доставка', 'а с доставкой как?', true],
    ['contains', 'доставка', 'доствка', false],
    ['contains', 'час работы', 'часы работы', true],
    ['contains', 'меню', 'у меня вопрос', false],
    ['fuzzy', 'доставка', 'скока стоит доствка', true],
    ['fuzzy', 'доставка', 'дотсавка есть?', true],
    ['fuzzy', 'работа', 'забота', false],
    ['fuzzy', 'чек', 'чех', false],
    ['exact', 'да', 'Да!', true],
    ['exact', 'да', 'да нет', false],
    ['exact', 'меню', 'меня', false],
  ])('%s "%s" against "%s": %s', (mode, keyword, text, expected) => {
    expect(has(mode, keyword, text)).toBe(expected);
  });
});

test('a synonym stands for the keyword, alone, inside a phrase, and as a phrase', () => {
  const synonyms = [
    ['доставка', 'доставить', 'привезти', 'привоз на дом'],
    ['цена', 'стоимость', 'сколько стоит'],
  ];
  expect(has('contains', 'доставка', 'можете доставить?', synonyms)).toBe(true);
  expect(has('contains', 'доставка', 'интересует привоз на дом', synonyms)).toBe(true);
  expect(has('contains', 'цена доставки', 'стоимость привезти', synonyms)).toBe(true);
  expect(has('contains', 'цена', 'а сколько стоит пицца', synonyms)).toBe(true);
  expect(has('contains', 'цена', 'сколько ждать', synonyms)).toBe(false);
});

test('a payload is the same in whatever order its keys stand, and may be no JSON', () => {
  expect(canonicalPayload('{ "b": 1, "a": [2] }')).toBe(canonicalPayload('{"a":[2],"b":1}'));
  expect(canonicalPayload('yes')).toBe('"yes"');
});
