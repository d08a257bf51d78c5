import { expect, test } from 'vitest';
import { parseCsv } from './csv.ts';

const values = (text: string) => parseCsv(text).rows.map(({ line, fields }) => [line, ...Object.values(fields)]);

test.each([
  ['phone,name\n7999,Анна\n', [[2, '7999', 'Анна']]],
  [
    '\uFEFFPhone;Name\r\n7999;Анна\r\n\r\n8;Борис',
    [
      [2, '7999', 'Анна'],
      [4, '8', 'Борис'],
    ],
  ],
  ['phone\tname\n7999\tАнна, Тверь', [[2, '7999', 'Анна, Тверь']]],
  [
    'phone,name\n"7999" , "ООО ""Сорока"", Тверь\nвторая строка"\n8,',
    [
      [2, '7999', 'ООО "Сорока", Тверь\nвторая строка'],
      [4, '8', ''],
    ],
  ],
  ['phone,name\n7999\n', [[2, '7999', '']]],
  ['phone,name\n7999,ООО "Сорока"', [[2, '7999', 'ООО "Сорока"']]],
  ['phone,name', []],
  ['phone\n  7999  ', [[2, '7999']]],
])('%j is read', (text, expected) => {
  expect(values(text)).toEqual(expected);
});

test.each([
  ['', /empty/],
  ['phone,name\n"7999,Анна', /Line 2: a field that begins with a quote/],
  ['phone,name\n7999,"Анна" Белова', /Line 2: a field that begins with a quote/],
  ['phone,name\n\n7999,Анна,лишнее', /Line 3 has 3 fields, the first line 2/],
])('%j is refused with the line', (text, reason) => {
  expect(() => parseCsv(text)).toThrow(reason);
});
