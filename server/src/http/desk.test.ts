import { OPERATIONS, type Operation } from '@soroka/api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { conversationOf, folder, linesOf, openShop, type Shop } from './desk-stand.ts';
import { type Client, type OperatorStand, startOperatorStand } from './operator-stand.ts';

let stand: OperatorStand;
beforeAll(async () => {
  stand = await startOperatorStand();
});
afterAll(() => stand[Symbol.asyncDispose]());

const codeOf = (answer: { status: number; body: { error?: { code: string } } }) => [answer.status, answer.body?.error?.code];
const startShop = (): Promise<Shop> => openShop(stand);

describe('an owner', () => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await startShop();
  });

  test('is the queue at first, then whoever takes the dialog; of two who take it at once one is told who was first', async () => {
    const [anna, boris] = [await shop.operator('operator'), await shop.operator('operator')];
    const { url, dialogId } = await shop.person();
    expect(await conversationOf(anna.client, url)).toMatchObject({ state: 'open', owner: null, folder: 'queue', number: 1 });
    const answers = await Promise.all([anna, boris].map(({ id, client }) => client.call('POST', `${url}/owner`, { owner: id })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    const winner = answers[0]?.status === 200 ? anna : boris;
    const loser = winner === anna ? boris : anna;
    const refused = answers.find(({ status }) => status === 409);
    expect(refused?.body.error).toMatchObject({ code: 'conversation.owned', message: `operator ${winner.id} has this dialog` });
    expect(await folder(winner.client, 'mine')).toEqual([dialogId]);
    expect(await folder(loser.client, 'mine')).toEqual([]);
    expect(await folder(loser.client, 'open')).toContain(dialogId);
  });

  test('changes from a colleague only by who says from whom; the comment is a note that names the next one', async () => {
    const [anna, boris] = [await shop.operator('operator'), await shop.operator('operator')];
    const { url, dialogId } = await shop.person();
    await anna.client.call('POST', `${url}/owner`, { owner: anna.id });
    expect(codeOf(await boris.client.call('POST', `${url}/owner`, { owner: null }))).toEqual([409, 'conversation.owned']);
    const transfer = { owner: boris.id, from: anna.id, comment: 'Просит вернуть деньги' };
    expect((await anna.client.call('POST', `${url}/owner`, transfer)).body.conversation.owner).toBe(boris.id);
    expect(await folder(boris.client, 'mentions')).toEqual([dialogId]);
    expect((await linesOf(boris.client, url)).slice(0, 2)).toMatchObject([
      { kind: 'note', text: transfer.comment, operatorId: anna.id, status: null },
      {
        kind: 'system',
        operatorId: anna.id,
        payload: JSON.stringify({ change: 'owner', from: anna.id, to: boris.id, teamId: null }),
      },
    ]);
    await boris.client.call('POST', `${url}/read`, { upTo: 99 });
    expect(await folder(boris.client, 'mentions')).toEqual([]);
  });

  test('is never somebody who could not answer', async () => {
    const [anna, analyst] = [await shop.operator('operator'), await shop.operator('analyst')];
    const limited = await shop.operator('operator', ['VK:999']);
    const { url } = await shop.person();
    for (const owner of [analyst.id, limited.id, 9_007_199_254_740_991]) {
      const answer = await anna.client.call('POST', `${url}/owner`, { owner });
      expect([answer.status, answer.body.error.field]).toEqual([400, 'owner']);
    }
    expect((await anna.client.call('POST', `${url}/owner`, { owner: null, teamId: 5 })).body.error.field).toBe('teamId');
    expect(codeOf(await limited.client.call('POST', `${url}/owner`, { owner: limited.id }))).toEqual([404, 'not.found']);
    expect(await folder(limited.client, 'queue')).toEqual([]);
    expect((await limited.client.call('GET', '/v1/desk/counts')).body.queue).toEqual({ count: 0, isMore: false });
  });

  test('is the bot where there is one, until it hands over or somebody takes over', async () => {
    const anna = await shop.operator('operator');
    const one = await shop.person({ hasBot: true });
    expect(await conversationOf(anna.client, one.url)).toMatchObject({ owner: 0, needsHumanAt: null, waitingSince: null });
    await stand.clock.advance(60_000);
    await stand.database.transaction(async (tx) => {
      const dialog = await stand.dialogs.lock(tx, one.dialogId);
      if (dialog !== null) await stand.desk.hearing.handOver(tx, dialog, { note: 'Не понял вопрос' });
    });
    const now = new Date(stand.clock.now()).toISOString();
    expect(await conversationOf(anna.client, one.url)).toMatchObject({
      ...{ owner: null, hadBot: true, needsHumanAt: now, waitingSince: now },
    });
    const other = await shop.person({ hasBot: true });
    const taken = await anna.client.call('POST', `${other.url}/owner`, { owner: anna.id });
    expect(taken.body.conversation).toMatchObject({ owner: anna.id, assignedAt: now, needsHumanAt: now, waitingSince: null });
  });
});

describe('a conversation', () => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await startShop();
  });

  test('ends by closing, and the next word opens another one in the same dialog', async () => {
    const anna = await shop.operator('operator');
    const { url, write, dialogId } = await shop.person();
    const closed = await anna.client.call('POST', `${url}/close`);
    expect(closed.body.conversation).toMatchObject({
      state: 'closed',
      closedBy: 'operator',
      closedById: anna.id,
      folder: 'closed',
    });
    expect(codeOf(await anna.client.call('POST', `${url}/close`))).toEqual([409, 'conversation.closed']);
    expect(await folder(anna.client, 'closed')).toEqual([dialogId]);
    await write('И ещё вопрос');
    expect(await folder(anna.client, 'closed')).toEqual([]);
    const { items } = (await anna.client.call('GET', `${url}/conversations`)).body;
    expect(items).toMatchObject([
      { number: 2, state: 'open' },
      { number: 1, state: 'closed' },
    ]);
  });

  test('goes on where it was closed when it is opened again', async () => {
    const anna = await shop.operator('operator');
    const { url } = await shop.person();
    expect(codeOf(await anna.client.call('POST', `${url}/reopen`))).toEqual([409, 'conversation.open']);
    await anna.client.call('POST', `${url}/owner`, { owner: anna.id });
    await anna.client.call('POST', `${url}/close`);
    const { body } = await anna.client.call('POST', `${url}/reopen`);
    expect(body.conversation).toMatchObject({ number: 1, state: 'open', owner: anna.id, closedAt: null, closedBy: null });
  });

  test('that is snoozed comes back with a word of the person, or when somebody wants it', async () => {
    const anna = await shop.operator('operator');
    const { url, write, dialogId } = await shop.person();
    const until = new Date(stand.clock.now() + 3_600_000).toISOString();
    expect((await anna.client.call('POST', `${url}/snooze`, { until })).body.conversation).toMatchObject({ folder: 'snoozed' });
    expect(await folder(anna.client, 'snoozed')).toEqual([dialogId]);
    expect(await folder(anna.client, 'queue')).not.toContain(dialogId);
    await write();
    expect(await conversationOf(anna.client, url)).toMatchObject({ folder: 'queue', snoozedUntil: null });
    await anna.client.call('POST', `${url}/snooze`, { until });
    expect((await anna.client.call('DELETE', `${url}/snooze`)).body.conversation.folder).toBe('queue');
    for (const wrong of ['yesterday', '2020-01-31T09:00:00Z']) {
      expect((await anna.client.call('POST', `${url}/snooze`, { until: wrong })).body.error.field).toBe('until');
    }
  });

  test('counts from the oldest word that waits for a human to the first answer of one', async () => {
    const anna = await shop.operator('operator');
    const { url, write, dialogId } = await shop.person();
    const askedAt = new Date(stand.clock.now()).toISOString();
    await stand.clock.advance(60_000);
    await write('Ау');
    expect(await conversationOf(anna.client, url)).toMatchObject({ waitingSince: askedAt, needsHumanAt: askedAt });
    await stand.database.transaction((tx) => stand.desk.hearing.answering(tx, dialogId, anna.id));
    const answeredAt = new Date(stand.clock.now()).toISOString();
    expect(await conversationOf(anna.client, url)).toMatchObject({
      ...{ owner: anna.id, waitingSince: null, firstReplyAt: answeredAt, firstReplyBy: anna.id },
    });
    const boris = await shop.operator('operator');
    const answer = stand.database.transaction((tx) => stand.desk.hearing.answering(tx, dialogId, boris.id));
    await expect(answer).rejects.toMatchObject({ code: 'conversation.owned' });
  });
});

describe('the list', () => {
  test('goes through a folder page by page in each order, without one twice or missing', async () => {
    const shop = await startShop();
    const anna = await shop.operator('operator');
    const made: number[] = [];
    for (let count = 0; count < 5; count += 1) {
      const { dialogId, url } = await shop.person();
      made.push(dialogId);
      if (count === 3) await anna.client.call('PATCH', url, { priority: 'urgent' });
      await stand.clock.advance(1_000);
    }
    await stand.database.transaction((tx) => stand.desk.hearing.answering(tx, made[1] as number, anna.id));
    const [a, b, c, d, e] = made;
    const orders = { waiting: [a, c, d, e, b], newest: [b, e, d, c, a], priority: [d, a, c, e, b] };
    for (const [sort, expected] of Object.entries(orders)) {
      const seen: number[] = [];
      for (let cursor = ''; ; ) {
        const { body } = await anna.client.call('GET', `/v1/desk?folder=open&sort=${sort}&limit=2${cursor}`);
        seen.push(...body.items.map(({ dialog }: { dialog: { id: number } }) => dialog.id));
        if (body.nextCursor === null) break;
        cursor = `&cursor=${body.nextCursor}`;
      }
      expect(seen, sort).toEqual(expected);
    }
    expect((await anna.client.call('GET', '/v1/desk/counts')).body).toMatchObject({
      ...{ queue: { count: 4, isMore: false }, mine: { count: 1, isMore: false }, open: { count: 5, isMore: false } },
    });
    expect((await anna.client.call('GET', '/v1/desk?cursor=bm9uZQ')).body.error.field).toBe('cursor');
    expect((await anna.client.call('GET', '/v1/desk?folder=drawer')).body.error.field).toBe('folder');
  });

  test('is narrowed by group, label, owner and team', async () => {
    const shop = await startShop();
    const [anna, owner] = [await shop.operator('operator'), await shop.operator('owner')];
    const [one, other] = [await shop.person(), await shop.person({ groupId: '7' })];
    const label = (await owner.client.call('POST', '/v1/labels', { name: 'Возврат' })).body;
    const team = (await owner.client.call('POST', '/v1/teams', { name: 'Касса', operatorIds: [anna.id] })).body;
    await anna.client.call('PATCH', one.url, { addLabelIds: [label.id] });
    await anna.client.call('POST', `${other.url}/owner`, { owner: null, teamId: team.id });
    expect(await folder(anna.client, 'open', '&group=VK:7')).toEqual([other.dialogId]);
    expect(await folder(anna.client, 'open', `&labelId=${label.id}`)).toEqual([one.dialogId]);
    expect(await folder(anna.client, 'open', `&teamId=${team.id}`)).toEqual([other.dialogId]);
    await anna.client.call('POST', `${one.url}/owner`, { owner: anna.id });
    expect(await folder(anna.client, 'open', `&owner=${anna.id}`)).toEqual([one.dialogId]);
    expect((await anna.client.call('PATCH', one.url, { removeLabelIds: [label.id] })).body.labelIds).toEqual([]);
    expect((await anna.client.call('PATCH', one.url, { addLabelIds: [999_999] })).body.error.field).toBe('addLabelIds');
  });
});

describe('what belongs to one operator', () => {
  test('is what they have read: back as well as forth, and not what colleagues have', async () => {
    const shop = await startShop();
    const [anna, boris] = [await shop.operator('operator'), await shop.operator('operator')];
    const { url, write } = await shop.person();
    await write();
    const unread = async (client: Client) => (await client.call('GET', url)).body.unread;
    expect([await unread(anna.client), await unread(boris.client)]).toEqual([2, 2]);
    expect((await anna.client.call('POST', `${url}/read`, { upTo: 1_000 })).body).toEqual({ upTo: 2, unread: 0 });
    expect([await unread(anna.client), await unread(boris.client)]).toEqual([0, 2]);
    await write();
    expect(await unread(anna.client)).toBe(1);
    expect((await anna.client.call('POST', `${url}/read`, { upTo: 1 })).body).toEqual({ upTo: 1, unread: 2 });
  });

  test('is a draft, kept until the message is written', async () => {
    const shop = await startShop();
    const [anna, boris] = [await shop.operator('operator'), await shop.operator('operator')];
    const { url, dialogId } = await shop.person();
    await anna.client.call('PATCH', `${url}/draft`, { text: 'Добрый' });
    expect((await anna.client.call('GET', `${url}/draft`)).body).toMatchObject({ text: 'Добрый', updatedAt: expect.any(String) });
    expect((await boris.client.call('GET', `${url}/draft`)).body).toEqual({ text: '', updatedAt: null });
    expect((await anna.client.call('GET', url)).body.hasDraft).toBe(true);
    await stand.database.transaction((tx) => stand.desk.hearing.answering(tx, dialogId, anna.id));
    expect((await anna.client.call('GET', url)).body.hasDraft).toBe(false);
  });

  test('is what they look at and type in: colleagues learn it, and it is forgotten after seconds', async () => {
    const shop = await startShop();
    const [anna, boris] = [await shop.operator('operator'), await shop.operator('operator')];
    const { url } = await shop.person();
    const show = async ({ client }: { client: Client }, state: string) =>
      (await client.call('POST', `${url}/presence`, { state })).body.others;
    expect(await show(anna, 'typing')).toEqual([]);
    expect(await show(boris, 'looking')).toEqual([{ operatorId: anna.id, state: 'typing' }]);
    expect(await show(anna, 'gone')).toEqual([{ operatorId: boris.id, state: 'looking' }]);
    expect(await show(boris, 'looking')).toEqual([]);
    await stand.clock.advance(25_000);
    expect(await show(anna, 'looking')).toEqual([]);
  });

  test('is nothing of a key', async () => {
    const shop = await startShop();
    const { url } = await shop.person();
    const { key } = await stand.accounts.createKey(shop.accountId, { name: 'crm', scopes: ['read', 'send'] });
    const byKey = { authorization: `Key ${key}` };
    const client = stand.client();
    expect(codeOf(await client.call('GET', `${url}/draft`, undefined, byKey))).toEqual([403, 'operator.needed']);
    expect(codeOf(await client.call('POST', `${url}/read`, { upTo: 1 }, byKey))).toEqual([403, 'operator.needed']);
    expect((await client.call('GET', url, undefined, byKey)).body.unread).toBeNull();
    expect((await client.call('POST', `${url}/close`, undefined, byKey)).body.conversation.closedBy).toBe('key');
  });
});

describe('a canned reply', () => {
  test('is filled for a dialog, and says what is not known there', async () => {
    const shop = await startShop();
    const [anna, owner] = [await shop.operator('operator'), await shop.operator('owner')];
    const { url } = await shop.person();
    const given = { shortcut: 'привет', text: '{{contact.name}}, это {{ operator.name }}. Ваш номер {{contact.phone}}?' };
    const reply = (await owner.client.call('POST', '/v1/canned-replies', given)).body;
    expect((await anna.client.call('GET', `${url}/canned-replies/${reply.id}`)).body).toEqual({
      ...{ text: `Анна, это ${anna.name}. Ваш номер ?`, missing: ['contact.phone'] },
    });
    for (const text of ['{{contact.age}}', '{{contact.name}', ' ']) {
      const refused = await owner.client.call('PATCH', `/v1/canned-replies/${reply.id}`, { text });
      expect([refused.status, refused.body.error.field], text).toEqual([400, 'text']);
    }
    const again = await owner.client.call('POST', '/v1/canned-replies', { ...given, shortcut: 'ПРИВЕТ' });
    expect(again.body.error).toMatchObject({ field: 'shortcut' });
    expect((await anna.client.call('POST', '/v1/canned-replies', given)).status).toBe(403);
  });
});

test('screens hear of every change: of the group what concerns it, of their own what is theirs', async () => {
  const shop = await startShop();
  const [anna, boris] = [await shop.operator('operator'), await shop.operator('operator', ['VK:7'])];
  const { url } = await shop.person();
  await anna.client.call('PATCH', `${url}/draft`, { text: 'Добрый' });
  await anna.client.call('POST', `${url}/notes`, { text: 'Постоянный клиент' });
  await stand.events.run({ cleansUp: false });
  const heardBy = async (operatorId: number, groups: readonly string[] | null): Promise<string[]> => {
    const frame = await stand.events.after(shop.accountId, 0, { operatorId, groups });
    return (JSON.parse(frame.bytes.toString()).entries as { kind: string }[]).map(({ kind }) => kind);
  };
  await expect
    .poll(() => heardBy(anna.id, null), { timeout: 60_000 })
    .toEqual([...['dialog.opened', 'message.added', 'conversation.changed', 'draft.changed', 'message.added']]);
  expect(await heardBy(boris.id, boris.groups)).toEqual([]);
});

test('whoever works in one account changes and sees nothing of the desk of another, on any route', async () => {
  const [ours, theirs] = [await startShop(), await startShop()];
  const [client, { client: them }] = [(await ours.operator('owner')).client, await theirs.operator('owner')];
  const { dialogId } = await theirs.person();
  const ids: Record<string, number> = {
    dialogId,
    teamId: (await them.call('POST', '/v1/teams', { name: 'Их' })).body.id,
    labelId: (await them.call('POST', '/v1/labels', { name: 'Их' })).body.id,
    cannedReplyId: (await them.call('POST', '/v1/canned-replies', { shortcut: 'их', text: 'их' })).body.id,
  };
  const bodies: Record<string, object> = {
    patchDeskDialog: { priority: 'low' },
    changeDialogOwner: { owner: null },
    snoozeDialog: { until: '2030-01-31T09:00:00Z' },
    addNote: { text: 'чужое' },
    changeDraft: { text: 'чужое' },
    readDialog: { upTo: 1 },
    showPresence: { state: 'typing' },
    patchTeamRule: { way: 'least-busy' },
    patchLabel: { name: 'Чужое' },
    patchCannedReply: { text: 'чужое' },
  };
  const named = Object.entries<Operation>(OPERATIONS).filter(([, { tag, path }]) => tag === 'Desk' && path.includes('{'));
  expect(named.length).toBeGreaterThanOrEqual(15);
  const before = (await them.call('GET', `/v1/dialogs/${dialogId}`)).text;
  for (const [id, { method, path }] of named) {
    const url = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(ids[name]));
    expect(codeOf(await client.call(method, url, bodies[id])), `${method} ${path}`).toEqual([404, 'not.found']);
  }
  expect((await them.call('GET', `/v1/dialogs/${dialogId}`)).text).toBe(before);
  expect(await folder(client, 'open')).toEqual([]);
  for (const url of ['/v1/labels', '/v1/canned-replies']) expect((await client.call('GET', url)).body.items).toEqual([]);
});
