import type { Client } from '@soroka/api';
import { eventually, someone, type Town } from '../town.ts';
import { GROUPS, NETWORKS, type Shop } from './shop.ts';

/** The evening's broadcast: to whom, and why some of them must not get it. */
export interface Audience {
  /** Everybody who is labelled, in the order of the import. */
  phones: readonly string[];
  /** By the reason of docs/broadcasts.md. */
  excluded: { opted_out: readonly string[]; capped: readonly string[] };
  /** Of those who opted out, how many dialogs began with it. */
  dialogs: number;
}

export const LABEL = 'подписчик';
const SERVICE = 'Group_name';
const TEMPLATE_ID = 4;
const NOTIFICATIONS_A_DAY = 5;
/** Of those who want nothing any more, half have said so in a word, half to a manager. */
const OPTED_OUT = 20;
const CAPPED = 10;
export const ADVERT = 'Сегодня вторая стрижка за полцены!';

export async function gatherAudience(town: Town, shop: Shop, count: number, writers: readonly string[]): Promise<Audience> {
  const own = Array.from({ length: count - writers.length }, (_, index) => someone(8_000_000 + index));
  const phones = [...writers, ...own];
  const rows = phones.map((phone, index) => {
    const n = Number(phone.slice(4));
    return `${phone},${500_000_000 + n},${580_000_000_000 + n},${LABEL},анкета,Гость ${index}`;
  });
  const body = `phone,vk,ok,labels,consent,name\n${rows.join('\n')}\n`;
  const imported = await shop.program().importContacts({ body });
  if (imported.refused > 0) throw new Error(`contacts were refused: ${JSON.stringify(imported.refusals.slice(0, 3))}`);
  const optedOut = own.slice(0, OPTED_OUT);
  const capped = own.slice(OPTED_OUT, OPTED_OUT + CAPPED);
  await Promise.all([optOut(town, shop, optedOut), fillDays(shop, capped)]);
  return { phones, excluded: { opted_out: optedOut, capped }, dialogs: (OPTED_OUT / 2) * NETWORKS.length };
}

async function optOut(town: Town, shop: Shop, phones: readonly string[]): Promise<void> {
  for (const [index, phone] of phones.entries()) {
    const { items } = await shop.program().listContacts({ query: { query: phone, limit: 1 } });
    const contactId = items[0]?.id;
    if (contactId === undefined) throw new Error(`there is no contact of ${phone}`);
    if (index % 2 === 0) await shop.program().setConsent({ path: { contactId }, body: { allowed: false } });
    else {
      for (const network of NETWORKS) await town.control(`/people/${phone}/say`, { network, text: 'Стоп' });
      await eventually(async () => {
        const log = await shop.program().listConsent({ path: { contactId } });
        return log.items.filter(({ allowed, source }) => !allowed && source === 'word').length === NETWORKS.length;
      });
    }
  }
}

/** Five notifications of the day from VK's group and five from OK's: nothing more goes to them today. */
async function fillDays(shop: Shop, phones: readonly string[]): Promise<void> {
  const ids: number[] = [];
  for (const routes of [['VK'], ['OK']] as const) {
    for (let n = 0; n < NOTIFICATIONS_A_DAY; n += 1) {
      const { result } = await shop.program().sendMessages({
        body: phones.map((phone) => ({
          ...{ phone, service: SERVICE, templateId: TEMPLATE_ID, routes: [...routes] },
          tmpl_data: { name: 'Гость', pizza: String(n) },
        })),
      });
      for (const item of result) if ('messageId' in item && item.messageId !== undefined) ids.push(item.messageId);
    }
  }
  if (ids.length !== phones.length * 2 * NOTIFICATIONS_A_DAY) throw new Error('notifications of the day were refused');
  for (const messageId of ids)
    await eventually(async () => (await shop.program().getMessage({ path: { messageId } })).status === 'DELIVERED');
}

/** Starts it; the id. */
export async function startMailing(client: Client): Promise<{ broadcastId: number; gets: number }> {
  const { id: broadcastId } = await client.addBroadcast({
    body: {
      name: 'Вечерняя скидка',
      variants: [{ text: ADVERT }],
      audience: { segment: { labels: { any: [LABEL] } } },
      ways: [
        { kind: 'message', group: `VK:${GROUPS.vk}` },
        { kind: 'message', group: `OK:${GROUPS.ok}` },
        { kind: 'template', service: SERVICE, templateId: TEMPLATE_ID },
      ],
      defaults: { pizza: 'скидка' },
    },
  });
  const { gets } = await client.previewBroadcast({ path: { broadcastId } });
  await client.startBroadcast({ path: { broadcastId }, body: { confirmed: gets } });
  return { broadcastId, gets };
}

export async function untilFinished(shop: Shop, broadcastId: number, withinMs: number): Promise<void> {
  await eventually(async () => {
    const { state } = await shop.program().getBroadcast({ path: { broadcastId } });
    return state === 'finished';
  }, withinMs);
}
