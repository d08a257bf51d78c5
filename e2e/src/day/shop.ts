import { type Client, createClient } from '@soroka/api';
import { runSoroka } from '../command-line.ts';
import type { Town } from '../town.ts';

/** The shop whose day it is: its two groups, its bot, its operator. */
export const GROUPS = { vk: '213243638', ok: '70000000000001' } as const;
export type Network = keyof typeof GROUPS;
export const NETWORKS = Object.keys(GROUPS) as Network[];

const OPERATOR = 'olga@pizzeria.example';
const PASSWORD = 'eight brown magpies';

export const ASKS = { service: 'На что записать?', day: 'На какой день?' } as const;
export const BOOKED = 'Записали: Стрижка,';
export const THANKS = 'Пожалуйста, ждём вас!';
export const OPERATOR_SAYS = 'Это Ольга. Перенесла вашу запись на вечер.';

const BOT = `
rules:
  - { name: human, when: { keywords: { any: [оператор, человек], mode: fuzzy } }, do: [{ handoff: true }] }
  - { name: booking, when: { keywords: { any: [запись, записаться], mode: fuzzy } }, do: [{ goto: booking }] }
  - { name: thanks, when: { keywords: [спасибо] }, reply: '${THANKS}' }
scenarios:
  booking:
    - choice: { text: '${ASKS.service}', save: service, options: [Стрижка, Окрашивание] }
    - ask: { text: '${ASKS.day}', type: date, save: day }
    - say: '${BOOKED} {{ day }}.'
    - end: true
`;

export interface Shop {
  /** As a program with a key, and as the operator: to the server that is there now. */
  program(): Client;
  operator(): Client;
  operatorId: number;
}

export async function openShop(town: Town): Promise<Shop> {
  const baseUrl = (): string => (town.servers.at(-1) ?? town.server).url;
  const program = (): Client => createClient({ baseUrl: baseUrl(), key: 'demo' });
  const groups = [`VK:${GROUPS.vk}`, `OK:${GROUPS.ok}`];
  const bot = await program().addBot({ body: { name: 'Записи', definition: BOT, groups } });
  if (bot.publishedVersion === null) await program().publishBot({ path: { botId: bot.id }, body: { version: 1 } });
  const words = ['operator', 'add', OPERATOR, '--name', 'Ольга', '--role', 'owner', '--password', '-'];
  const added = await runSoroka(words, { SOROKA_DATA: town.dataFolder }, PASSWORD);
  if (added.code !== 0) throw new Error(`the operator could not be added: ${added.note}`);
  const login = await createClient({ baseUrl: baseUrl() }).login({
    body: { login: OPERATOR, password: PASSWORD, session: 'token' },
  });
  const session = login.token;
  if (session === null || session === undefined) throw new Error('the login gave no token');
  const operator = (): Client => createClient({ baseUrl: baseUrl(), session });
  return { program, operator, operatorId: (await operator().getMe()).id };
}
