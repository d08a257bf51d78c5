import { readFixture } from '@soroka/fixtures';
import { describe, expect, test } from 'vitest';
import { inTurn, type MethodAnswer, type PlayedVk, playVk, vkError } from '../../test/play-vk.ts';
import { createVkApi } from './vk-api.ts';
import { createVkConfirmation } from './vk-confirmation.ts';
import { subscribeVkWebhook, unsubscribeVkWebhook } from './vk-webhook.ts';

const never = new AbortController().signal;
const url = 'https://soroka.example/hooks/vk/token';
const secret = 'a-secret';
const SERVERS = 'groups.getCallbackServers';
const CODE = 'groups.getCallbackConfirmationCode';

/** VK's list of servers with ours in this status, or without it. */
const listed = (status: string | null): unknown => {
  const { response } = readFixture('vk/callback-servers').body as { response: { items: object[] } };
  return { ...response, items: status === null ? [] : response.items.map((server) => ({ ...server, status })) };
};
const EVENTS = ['message_new', 'message_reply', 'message_edit', 'message_event', 'message_read', 'message_allow', 'message_deny'];
const settings = (off?: string) => ({
  api_version: '5.199',
  events: Object.fromEntries(EVENTS.map((event) => [event, event === off ? 0 : 1])),
});
/** A VK where the looks for our server find these statuses in turn. */
const vkWith = (statuses: readonly (string | null)[], more: Record<string, MethodAnswer> = {}) =>
  playVk({
    [SERVERS]: inTurn(...statuses.map(listed)),
    [CODE]: { code: 'a1b2c3' },
    'groups.addCallbackServer': { server_id: 7 },
    'groups.getCallbackSettings': settings(),
    ...more,
  });
/** The set-up without the pace of the channel, which would make these tests wait. */
const setUp = ({ url: baseUrl }: PlayedVk) => {
  const api = createVkApi({ baseUrl, token: 'vk1.secret', apiVersion: '5.199', timeoutMs: 5_000 });
  const group = { api, groupId: '213243638', apiVersion: '5.199' };
  const confirmation = createVkConfirmation(group);
  return {
    confirmation: () => confirmation.answer(never),
    subscribe: (webhook: { url: string; secret?: string }) => subscribeVkWebhook(group, webhook, confirmation, never),
    unsubscribe: (address: string) => unsubscribeVkWebhook(group, address, never),
    [Symbol.asyncDispose]: () => api.close(),
  };
};
const methods = ({ calls }: PlayedVk) => calls.map(({ method }) => method);

describe('a webhook', () => {
  test('is added with its secret and its events switched on, once the text to confirm it is known', async () => {
    await using vk = await vkWith([null, 'ok']);
    await using at = setUp(vk);
    expect(await at.subscribe({ url, secret })).toEqual({
      state: 'active',
      did: [
        'Added the callback server “Soroka” to the community.',
        'Switched the events on that it needs, in version 5.199.',
        'Switched the community’s messages and bot capabilities on.',
      ],
    });
    expect(methods(vk)).toEqual([
      SERVERS,
      CODE,
      'groups.addCallbackServer',
      'groups.setCallbackSettings',
      CODE, // adding may have changed it
      SERVERS,
      'groups.setSettings',
    ]);
    const [, , added, switched] = vk.calls.map(({ params }) => params);
    expect(added).toMatchObject({ group_id: '213243638', url, title: 'Soroka', secret_key: secret });
    const on = Object.fromEntries(EVENTS.map((event) => [event, '1']));
    expect(switched).toMatchObject({ server_id: '7', api_version: '5.199', ...on, message_typing_state: '0' });
  });

  test('is subscribed when VK says ok of it, not before', async () => {
    await using vk = await vkWith([null, 'unconfigured', 'wait', 'ok']);
    await using at = setUp(vk);
    expect(await at.subscribe({ url })).toMatchObject({ state: 'active' });
    expect(methods(vk).filter((method) => method === SERVERS)).toHaveLength(4);
  });

  test.each([
    ['wait', 'waiting'],
    ['failed', 'failed'],
  ])(
    'that VK leaves in the state %s is %s, and what to do about it is said',
    async (status, state) => {
      // Found waiting, so that it is looked at and not set anew.
      await using vk = await vkWith(['wait', status]);
      await using at = setUp(vk);
      expect(await at.subscribe({ url, secret })).toEqual({
        state,
        did: ['VK has not confirmed our address: it must be open to requests from the internet.'],
      });
    },
    20_000,
  );

  test('is confirmed at once with the text fetched for it, and later with what VK gives out then', async () => {
    const confirmed: string[] = [];
    const confirm = () => void at.confirmation().then((code) => confirmed.push(code));
    // As VK does: it asks our address while it is being added and while it waits.
    await using vk = await vkWith([], {
      [CODE]: inTurn({ code: 'before' }, { code: 'after' }, { code: 'later' }),
      'groups.addCallbackServer': () => {
        confirm();
        return { server_id: 7 };
      },
      [SERVERS]: () => {
        const looks = methods(vk).filter((method) => method === SERVERS).length;
        if (looks > 1) confirm();
        return listed([null, 'wait', 'ok'][looks - 1] ?? null);
      },
    });
    await using at = setUp(vk);
    await at.subscribe({ url });
    expect(confirmed).toEqual(['before', 'after', 'after']);
    expect(await at.confirmation()).toBe('later');
  });

  test('that stands already is left as it is', async () => {
    await using vk = await vkWith(['ok']);
    await using at = setUp(vk);
    expect(await at.subscribe({ url, secret })).toEqual({ state: 'active', did: [] });
    expect(methods(vk)).toEqual([SERVERS, 'groups.getCallbackSettings']);
  });

  test('whose events somebody switched off, or whose version is another, gets them back', async () => {
    for (const found of [settings('message_reply'), { ...settings(), api_version: '5.131' }]) {
      await using vk = await vkWith(['ok'], { 'groups.getCallbackSettings': found });
      await using at = setUp(vk);
      expect(await at.subscribe({ url, secret })).toEqual({
        state: 'active',
        did: ['Switched the events on that it needs, in version 5.199.'],
      });
    }
  });

  test.each([
    ['that VK has given up', 'failed', secret],
    ['with another secret', 'ok', 'another'],
  ])('%s is set anew, not added again', async (_, status, given) => {
    await using vk = await vkWith([status, 'ok']);
    await using at = setUp(vk);
    expect(await at.subscribe({ url, secret: given })).toMatchObject({
      state: 'active',
      did: ['Set the callback server “Soroka” of the community anew.', expect.any(String)],
    });
    expect(methods(vk).slice(0, 4)).toEqual([SERVERS, CODE, 'groups.editCallbackServer', 'groups.setCallbackSettings']);
    expect(vk.calls[2]?.params).toMatchObject({ server_id: '3', secret_key: given });
  });

  test('stands even where VK keeps the bot’s settings from the token, and the owner is told', async () => {
    await using vk = await vkWith([null, 'ok'], { 'groups.setSettings': vkError(15, 'Access denied') });
    await using at = setUp(vk);
    const { state, did } = await at.subscribe({ url });
    expect(state).toBe('active');
    expect(did.at(-1)).toContain('Управление → Сообщения');
  });

  test('is removed by its address, and removing what is not there is fine', async () => {
    await using vk = await vkWith(['ok']);
    await using at = setUp(vk);
    await at.unsubscribe(url);
    await at.unsubscribe('https://elsewhere.example/');
    expect(methods(vk)).toEqual([SERVERS, 'groups.deleteCallbackServer', SERVERS]);
  });

  test('beyond the ten that VK allows is refused, saying where to make room', async () => {
    await using vk = await vkWith([null], { 'groups.addCallbackServer': vkError(2000, 'Servers number limit is reached') });
    await using at = setUp(vk);
    await expect(at.subscribe({ url })).rejects.toThrow(
      /^VK refused groups\.addCallbackServer: VK error 2000: .*at most 10 callback servers: delete one/,
    );
  });

  test('with a secret that VK would cut is refused before anything is asked', async () => {
    await using vk = await vkWith([null]);
    await using at = setUp(vk);
    await expect(at.subscribe({ url, secret: 'x'.repeat(51) })).rejects.toThrow('VK takes 50');
    expect(vk.calls).toEqual([]);
  });

  test('is confirmed with the text that VK gives out at that moment', async () => {
    await using vk = await playVk({ [CODE]: inTurn({ code: 'a1b2c3' }, { code: 'd4e5f6' }) });
    await using at = setUp(vk);
    expect([await at.confirmation(), await at.confirmation()]).toEqual(['a1b2c3', 'd4e5f6']);
  });
});
