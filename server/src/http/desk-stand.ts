import type { Role } from '@soroka/api';
import type { Client, OperatorStand } from './operator-stand.ts';

const GROUP = '213243638';
let people = 0;

/** For tests: an account with people who write and operators who answer. */
export async function openShop(stand: OperatorStand) {
  const { id: accountId } = await stand.newAccount();
  const operator = async (role: Role, groups?: readonly string[]) => {
    const made = await stand.newOperator(accountId, role, groups === undefined ? {} : { groups });
    const client = stand.client();
    await client.login(made.login, { form: 'token' });
    return { ...made, client };
  };
  const newContact = { name: 'test.contact', text: "insert into contact (account_id, name) values ($1, 'Анна') returning id" };
  /** Somebody new writes; returns the dialog and how to go on. */
  const person = async ({ groupId = GROUP, hasBot = false }: { groupId?: string; hasBot?: boolean } = {}) => {
    people += 1;
    const [contact] = await stand.database.rows<{ id: number }>(newContact, [accountId]);
    const key = { accountId, network: 'vk', groupId } as const;
    const userId = String(people);
    let words = 0;
    const write = (text = 'Здравствуйте') =>
      stand.database.transaction(async (tx) => {
        words += 1;
        const at = new Date(stand.clock.now());
        const opening = { ...key, contactId: contact?.id ?? null, userId, peerId: userId, at };
        const { id: dialogId } = await stand.dialogs.open(tx, opening);
        await stand.dialogs.append(tx, [{ dialogId, source: 'person', text, at, eventId: `${userId}.${words}` }]);
        await stand.desk.hearing.hear(tx, { ...key, dialogId, at, hasBot });
        return dialogId;
      });
    const dialogId = await write();
    return { dialogId, write, url: `/v1/dialogs/${dialogId}` };
  };
  return { accountId, operator, person };
}
export type Shop = Awaited<ReturnType<typeof openShop>>;

/** Ids of the dialogs in a folder, as it is sorted. */
export const folder = async (client: Client, name: string, query = ''): Promise<number[]> =>
  (await client.call('GET', `/v1/desk?folder=${name}${query}`)).body.items.map(
    ({ dialog }: { dialog: { id: number } }) => dialog.id,
  );
export const conversationOf = async (client: Client, url: string) => (await client.call('GET', url)).body.conversation;
/** Newest first. */
export const linesOf = async (client: Client, url: string) => (await client.call('GET', `${url}/messages`)).body.items;
