import { expect, test } from 'vitest';
import { runCli } from './run.ts';
import { testTerminal } from './test-terminal.ts';

// No command here needs a database: the environment names none.

async function soroka(...words: string[]) {
  const terminal = testTerminal({});
  return { code: await runCli(['link', ...words], terminal), ...terminal.printed };
}

test.each([
  [['ok', '70000000000001', 'summer'], 'https://ok.ru/group/70000000000001/messages/start/summer'],
  [['ok', 'pizzeria', 'стол 7'], 'https://ok.ru/pizzeria/messages/start/%D1%81%D1%82%D0%BE%D0%BB%207'],
  [['vk', '213243638', 'summer'], 'https://vk.me/club213243638?ref=summer'],
  [['vk', 'pizzeria', 'стол 7'], 'https://vk.me/pizzeria?ref=%D1%81%D1%82%D0%BE%D0%BB%207'],
])(
  '"soroka link %j" prints the link alone for a script to catch, and the rule that answers it for people',
  async (words, url) => {
    const { code, out, note } = await soroka(...words);
    expect({ code, out }).toEqual({ code: 0, out: `${url}\n` });
    expect(note).toContain(`start: "${words[2]}"`);
    expect(JSON.parse((await soroka(...words, '--json')).out)).toEqual({ url });
  },
);

test.each([
  ['ok', '70000000000001'],
  ['ok', 'pizzeria'],
  ['vk', '213243638'],
  ['vk', 'pizzeria'],
])('"soroka link read" takes a link of %s to %s apart', async (network, group) => {
  const { out } = await soroka(network, group, 'стол 7/б');
  expect(JSON.parse((await soroka('read', out.trim(), '--json')).out)).toEqual({ network, group, text: 'стол 7/б' });
});

test.each([
  [['ok', 'a/b', 'x'], 2, 'GROUP must be the group’s id, or its name as in ok.ru/name. See "soroka link ok --help".\n'],
  [['ok', '1', ''], 2, 'PAYLOAD must not be empty. See "soroka link ok --help".\n'],
  [['vk', 'a b', 'x'], 2, 'GROUP must be the community’s id, or its name as in vk.com/name. See "soroka link vk --help".\n'],
  [['vk', '1'], 2, 'REF must be given. See "soroka link vk --help".\n'],
  [['read', 'https://ya.ru/'], 1, 'It opens no dialog. Of OK it must lead to ok.ru; of VK it must lead to vk.me.\n'],
])('"soroka link %j" ends with %i and one sentence', async (words, code, sentence) => {
  expect(await soroka(...words)).toEqual({ code, out: '', note: sentence });
});
