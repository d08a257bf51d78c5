import { readFixture } from '@soroka/fixtures';
import { expect, test } from 'vitest';
import {
  createManualClock,
  createRealClock,
  createWorld,
  type Keyboard,
  type Network,
  okMessageCreated,
  type Person,
  vkMessageNew,
  type World,
  type WorldEvents,
} from './world.ts';

function town() {
  const clock = createManualClock();
  const world = createWorld({ clock, seed: 7 });
  const person = (phone: string): Person => {
    const found = world.people.byPhone(phone);
    if (found === null) throw new Error(`nobody has ${phone}`);
    return found;
  };
  const hear = <Name extends keyof WorldEvents>(name: Name): WorldEvents[Name][] => {
    const heard: WorldEvents[Name][] = [];
    world.on(name, (event) => heard.push(event));
    return heard;
  };
  return { clock, world, person, hear, vk: world.groups.demo('vk'), ok: world.groups.demo('ok'), anna: person('79999999999') };
}

const keyboard = (place: Keyboard['place'], oneTime = false): Keyboard => ({
  place,
  oneTime,
  buttons: [
    { label: 'Да', payload: '{"answer":"yes","to":1}', does: 'say' },
    { label: 'Позже', payload: '{"answer":"later"}', does: 'tell' },
  ],
});

test('every phone 7998xxxxxxx exists on both networks, and its ids lead back to it', () => {
  const { world, person } = town();
  const guest = person('79980001234');
  expect(guest).toMatchObject({ vkId: 500_001_234, okId: '580000001234' });
  expect(world.people.byId('vk', '500001234')).toBe(guest);
  expect(world.people.byId('ok', '580000001234')).toBe(guest);
  expect(world.people.byPhone('79970001234')).toBeNull();
  expect(world.people.byId('vk', '1')).toBeNull();
});

test('groups for load are found by service, id and token alike, and end at 9999', () => {
  const { world } = town();
  const group = world.groups.byService('ok', 'Load_42');
  expect(group).toMatchObject({ id: '71000000000042', token: 'load42:TOKEN' });
  expect(world.groups.byId('ok', '71000000000042')).toBe(group);
  expect(world.groups.byToken('ok', 'load42:TOKEN')).toBe(group);
  for (const service of ['Load_10000', 'Load_01', 'Load_-1', 'Load_1e2'])
    expect(world.groups.byService('vk', service)).toBeNull();
});

test('Anna gets a message at once and reads it two seconds later', () => {
  const { clock, world, vk, anna, hear } = town();
  const reads = hear('read');
  world.send(vk, anna, { text: 'Здравствуйте', kind: 'message' });
  clock.advance(100);
  expect(world.inbox(anna)).toMatchObject([
    { network: 'vk', group: '213243638', text: 'Здравствуйте', kind: 'message', status: 'received' },
  ]);
  clock.advance(1_999);
  expect(reads).toEqual([]);
  clock.advance(1);
  expect(world.inbox(anna)).toMatchObject([{ status: 'read' }]);
  expect(reads).toHaveLength(1);
});

test('Gleb is never online: his inbox stays empty until the time to live is over', () => {
  const { clock, world, vk, person, hear } = town();
  const gleb = person('79990000003');
  const delivered = hear('delivered');
  world.send(vk, gleb, { text: 'Готово', kind: 'notification', ttlMs: 60_000 });
  clock.advance(59_999);
  expect(world.inbox(gleb)).toEqual([]);
  clock.advance(1);
  expect(world.inbox(gleb)).toMatchObject([{ text: 'Готово', status: 'expired' }]);
  expect(delivered).toEqual([]);
});

test('Vera has blocked the group on VK, Boris is not there at all', () => {
  const { world, vk, person } = town();
  const sending = { text: 'Здравствуйте', kind: 'message' } as const;
  expect(world.send(vk, person('79990000002'), sending)).toEqual({ ok: false, reason: 'blocked' });
  expect(world.send(vk, person('79990000001'), sending)).toEqual({ ok: false, reason: 'no_account' });
});

test('who writes to a group allows it to answer', () => {
  const { world, vk, person, hear } = town();
  const vera = person('79990000002');
  const allowed = hear('allowed');
  world.say(vk, vera, 'Передумала');
  world.say(vk, vera, 'Пишите');
  expect(world.permission(vk, vera)).toBe('allowed');
  expect(allowed).toHaveLength(1);
});

test('the same key sends once within 24 hours and gives the first message back', () => {
  const { clock, world, vk, anna } = town();
  const send = (text: string) => world.send(vk, anna, { text, kind: 'message', dedupKey: '12345' });
  const first = send('раз');
  clock.advance(86_399_999);
  expect(send('два')).toEqual({ ...first, repeated: true });
  expect(world.inbox(anna)).toHaveLength(1);
  clock.advance(1);
  expect(send('три')).toMatchObject({ ok: true, repeated: false });
});

test('an answer carries the tag of the notification only while nothing newer of the group stands under it', () => {
  const { clock, world, ok, anna, hear } = town();
  const said = hear('said');
  world.send(ok, anna, { text: 'Готово', kind: 'notification', tag: '2354676865423253' });
  clock.advance(100);
  world.say(ok, anna, 'Спасибо');
  world.say(ok, anna, 'Еду');
  world.send(ok, anna, { text: 'Ждём', kind: 'message' });
  clock.advance(100);
  world.say(ok, anna, 'Хорошо');
  expect(said.map(({ tag }) => tag)).toEqual(['2354676865423253', '2354676865423253', null]);
});

test('a message of a person has the same VK event however often it is asked for, in the form of the printed one', () => {
  const { world, vk, anna } = town();
  const said = world.say(vk, anna, 'привет', { payload: '{"command":"start"}', ref: 'ref' });
  if (!said.ok) throw new Error(said.reason);
  const event = vkMessageNew(said.result);
  expect(event).toEqual(vkMessageNew(said.result));
  expect(event).toMatchObject({
    type: 'message_new',
    group_id: 213_243_638,
    object: { message: { peer_id: 37_119_444, ref: 'ref' } },
  });
  expect(event.event_id).toMatch(/^[0-9a-f]{40}$/);
});

/** Names of the fields of a body, with those of its objects, sorted. */
function fieldsOf(body: unknown, path = ''): string[] {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return [path];
  return Object.entries(body)
    .flatMap(([name, inner]) => fieldsOf(inner, `${path}.${name}`))
    .sort();
}

test('events of an answered notification have every field of the printed ones, and few more', () => {
  const { clock, world, vk, ok, anna } = town();
  const answer = (group: typeof vk) => {
    world.send(group, anna, { text: 'Готово', kind: 'notification', tag: '5' });
    clock.advance(100);
    const said = world.say(group, anna, 'Спасибо', { ref: 'ref' });
    if (!said.ok) throw new Error(said.reason);
    return said.result;
  };
  const vkFields = fieldsOf(vkMessageNew(answer(vk)));
  const printedVk = fieldsOf(readFixture('notify/incoming').body);
  expect(printedVk.filter((field) => !vkFields.includes(field))).toEqual(['.object.message.ref_source']);
  expect(vkFields.filter((field) => !printedVk.includes(field))).toEqual(['.object.message.version']);
  const okFields = fieldsOf(okMessageCreated(answer(ok)));
  const printedOk = fieldsOf(readFixture('ok/message-created').body);
  expect(okFields.filter((field) => field !== '.sender.name')).toEqual(printedOk);
});

test('an OK event has the seq of its mid, and the time of both', () => {
  const { world, ok, anna } = town();
  const said = world.say(ok, anna, 'привет');
  if (!said.ok) throw new Error(said.reason);
  const { message, recipient, timestamp } = okMessageCreated(said.result);
  expect(recipient.chat_id).toBe('chat:C3ecb9d02a600'); // seed 002: the chat of user 123456789012
  expect(message.mid).toBe(`mid:C3ecb9d02a600.${message.seq.toString(16)}`);
  expect(message.seq >> 16n).toBe(BigInt(timestamp));
  expect(message).not.toHaveProperty('message_tag');
});

test('a person can only press a button that they see; equal JSON is the same button', () => {
  const { clock, world, vk, anna, hear } = town();
  const said = hear('said');
  const pressed = hear('pressed');
  expect(world.press(vk, anna, '{"answer":"later"}')).toEqual({ ok: false, reason: 'no_button' });
  world.send(vk, anna, { text: 'Придёте?', kind: 'message', keyboard: keyboard('message') });
  expect(world.press(vk, anna, '{"answer":"later"}')).toEqual({ ok: false, reason: 'no_button' });
  clock.advance(100);
  world.press(vk, anna, '{ "to": 1, "answer": "yes" }');
  world.press(vk, anna, '{"answer":"later"}');
  expect(said).toMatchObject([{ text: 'Да', payload: '{"answer":"yes","to":1}' }]);
  expect(pressed).toMatchObject([{ payload: '{"answer":"later"}', shownBy: { text: 'Придёте?' } }]);
});

test('a one-time keyboard goes away with the first press', () => {
  const { world, vk, anna } = town();
  world.send(vk, anna, { text: 'Придёте?', kind: 'message', keyboard: keyboard('dialog', true) });
  expect(world.press(vk, anna, '{"answer":"later"}').ok).toBe(true);
  expect(world.press(vk, anna, '{"answer":"later"}')).toEqual({ ok: false, reason: 'no_button' });
});

test('opening the chat writes on VK and only tells on OK', () => {
  const { world, vk, ok, anna, hear } = town();
  const said = hear('said');
  const started = hear('started');
  world.start(vk, anna, 'promo');
  world.start(ok, anna, 'promo');
  expect(said).toMatchObject([{ payload: '{"command":"start"}', ref: 'promo' }]);
  expect(started).toMatchObject([{ payload: 'promo', dialog: { peerId: 'chat:C3ecb9d02a600' } }]);
});

test('a reset empties the world, forgets what was scheduled, and gives no id again', () => {
  const { clock, world, vk, anna, hear } = town();
  const reads = hear('read');
  const idOfNext = (network: Network) => {
    const sent = world.send(world.groups.demo(network), anna, { text: 'раз', kind: 'message' });
    if (!sent.ok) throw new Error(sent.reason);
    return sent.message.networkId;
  };
  const before = [idOfNext('vk'), idOfNext('ok')];
  world.block(vk, anna);
  world.reset();
  clock.advance(10_000);
  expect(world.inbox(anna)).toEqual([]);
  expect(reads).toEqual([]);
  expect(world.permission(vk, anna)).toBe('allowed');
  expect([idOfNext('vk'), idOfNext('ok')]).not.toEqual(before);
});

function firstIds(world: World) {
  return [world.ids.upstreamId(), world.ids.vkMessageId('1'), world.ids.dialogBase, world.ids.eventId()];
}

test('ids repeat under one seed and never between runs without one', () => {
  const clock = createManualClock(1_790_000_000_000);
  const later = createManualClock(1_790_000_003_000);
  expect(firstIds(createWorld({ clock, seed: 3 }))).toEqual(firstIds(createWorld({ clock: later, seed: 3 })));
  const [first, second] = [firstIds(createWorld({ clock })), firstIds(createWorld({ clock: later }))];
  expect(first.filter((id) => second.includes(id))).toEqual([]);
  const today = firstIds(createWorld({ clock: createRealClock() }));
  expect(today.slice(0, 3).every((id) => Number.isSafeInteger(id))).toBe(true);
  // Clients in strict languages take VK's ids for 32 bits.
  expect(today.slice(1, 3).every((id) => Number(id) < 2 ** 31)).toBe(true);
});

test('faults come at their rate and repeat under one seed', () => {
  const draw = () => {
    const { world } = town();
    world.faults.set('vk', { timeoutAfter: 0.3, errors: { '901': 0.5 } });
    return Array.from({ length: 200 }, () => [
      world.faults.drawCall('vk').after,
      world.faults.drawError('vk'),
      world.faults.drawCopies('vk'),
    ]);
  };
  const drawn = draw();
  expect(draw()).toEqual(drawn);
  expect(drawn.filter(([after]) => after === 'timeout').length).toBeGreaterThan(30);
  expect(drawn.filter(([, error]) => error === '901').length).toBeGreaterThan(60);
  expect(drawn.every(([, , copies]) => copies === 1)).toBe(true);
});

test('the call log hides secrets, however deep, and shows the rest', () => {
  const { world } = town();
  const request = {
    grant_type: 'authorization_code',
    code: 'demo-code-anna',
    client_secret: 'DEMO',
    list: [{ access_token: 'tkn' }],
  };
  const call = {
    ...world.instant(),
    network: 'ok',
    method: 'token.do',
    group: null,
    status: 200,
    code: null,
    durationMs: 1,
  } as const;
  world.calls.record({ ...call, request });
  world.calls.record({ ...call, request: { code: 'return [API.users.get({})];', sig: 'abc' } });
  expect(world.calls.since(0).map((logged) => logged.request)).toEqual([
    { grant_type: 'authorization_code', code: '***', client_secret: '***', list: [{ access_token: '***' }] },
    { code: 'return [API.users.get({})];', sig: '***' },
  ]);
});
