import { readFileSync } from 'node:fs';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { expect, test } from 'vitest';
import { SendAnswer } from './answers.ts';
import { Channels } from './channels.ts';
import { DryRunAnswer, Forecast } from './forecast.ts';
import { Message, SendRequest, StatusCallback } from './messages.ts';

const page = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8');
const blocks = [...page.matchAll(/^```json ?(\w*)\n([\s\S]*?)^```/gm)].map(([, kind, text = '']) => ({
  kind,
  value: JSON.parse(text) as unknown,
}));

test('the examples of docs/api.md fit the schemas', () => {
  const schemas = {
    request: Compile(SendRequest),
    answer: Compile(SendAnswer),
    dryrun: Compile(DryRunAnswer),
    forecast: Compile(Forecast),
    callback: Compile(Type.Array(StatusCallback)),
    channels: Compile(Channels),
  };
  const seen = blocks.map(({ kind, value }) => {
    if (kind !== undefined && Object.hasOwn(schemas, kind))
      expect(schemas[kind as keyof typeof schemas].Errors(value), kind).toEqual([]);
    return kind;
  });
  expect(seen).toEqual(['request', 'answer', 'request', 'dryrun', 'forecast', 'callback', '', 'channels']);
});

test('docs/api.md explains exactly the fields of a message', () => {
  const table = page.slice(page.indexOf('| field | meaning |'), page.indexOf('Unknown fields are refused'));
  const explained = [...table.matchAll(/^\| (`[^|]+`) \|/gm)].flatMap((row) =>
    [...(row[1] ?? '').matchAll(/`(\w+)`/g)].map((match) => match[1]),
  );
  expect(explained.sort()).toEqual(Object.keys(Message.properties).sort());
});
