import { makeOkStartLink, makeVkRefLink, parseOkStartLink, parseVkRefLink } from '@soroka/channels';
import { type Answer, type Command, UsageError } from './command.ts';

/** Links for posters, sites and messages: whoever opens one gets the dialog, and the bot hears its text. */
export const LINK_COMMANDS: readonly Command[] = [
  {
    name: 'link ok',
    summary: 'Make a link that opens the chat with an OK group and brings its bot a text.',
    arguments: ['GROUP', 'PAYLOAD'],
    help: `
GROUP is the group's id, or its name as in ok.ru/name. Whoever opens the link starts the chat, and a rule with start: PAYLOAD answers.

  soroka link ok 70000000000001 summer
  soroka link ok pizzeria 'table 7'`,
    async run({ arguments: [group = '', payload = ''] }) {
      const link = makeOkStartLink(group, payload);
      if (!link.ok) throw new UsageError(`${link.field === 'group' ? 'GROUP' : 'PAYLOAD'} ${link.problem}.`);
      return linkAnswer(link.url, `A rule with start: ${JSON.stringify(payload)} answers whoever opens it.`);
    },
  },
  {
    name: 'link vk',
    summary: 'Make a link that opens the dialog with a VK community and tells its bot where the person came from.',
    arguments: ['GROUP', 'REF'],
    help: `
GROUP is the community's id, or its name as in vk.com/name. VK tells the bot the ref with what the person does first: presses Start,
or writes. A rule with start: REF answers.

  soroka link vk 213243638 summer
  soroka link vk pizzeria 'table 7'`,
    async run({ arguments: [group = '', ref = ''] }) {
      const link = makeVkRefLink(group, ref);
      if (!link.ok) throw new UsageError(`${link.field === 'group' ? 'GROUP' : 'REF'} ${link.problem}.`);
      return linkAnswer(
        link.url,
        `A rule with start: ${JSON.stringify(ref)} answers who comes by it and presses Start, or writes.`,
      );
    },
  },
  {
    name: 'link read',
    summary: 'Say which group a link opens, and which text it brings.',
    arguments: ['URL'],
    help: `
For a link that somebody has found, or that brings nobody: it is taken apart as the network would.

  soroka link read https://ok.ru/group/70000000000001/messages/start/summer
  soroka link read https://vk.me/pizzeria?ref=table%207`,
    async run({ arguments: [url = ''] }) {
      const [ok, vk] = [parseOkStartLink(url), parseVkRefLink(url)];
      if (ok.ok) return { kind: 'record', fields: { network: 'ok', group: ok.group, text: ok.payload } };
      if (vk.ok) return { kind: 'record', fields: { network: 'vk', group: vk.group, text: vk.ref } };
      throw new Error(`It opens no dialog. Of OK it ${ok.problem}; of VK it ${vk.problem}.`);
    },
  },
];

function linkAnswer(url: string, note: string): Answer {
  return { kind: 'value', value: url, note, fields: { url } };
}
