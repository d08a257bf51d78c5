import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CarouselCard, Outgoing } from '../channel.ts';
import type { Button, Keyboard } from '../keyboard/keyboard.ts';
import { prepareContent, prepareMessage, randomIdOf, type VkContent } from './vk-message.ts';

const LIMITS = { textCharactersMax: 20, attachmentsMax: 2 };
const prepare = (content: Partial<VkContent>) => prepareContent({ text: 'Да?', ...content }, LIMITS);
const paramsOf = (content: Partial<VkContent>) => {
  const prepared = prepare(content);
  return prepared.ok ? prepared.params : {};
};
const problemOf = (content: Partial<VkContent>) => {
  const prepared = prepare(content);
  return prepared.ok ? undefined : `${prepared.code} ${prepared.finding.path}: ${prepared.finding.rule}`;
};
const yes: Button = { kind: 'text', label: 'Да', payload: '{"a":1}', color: 'positive' };
const card: CarouselCard = { title: 'Пицца', buttons: [{ kind: 'callback', label: 'Беру', payload: '{"id":7}' }] };

test('random_id is a signed 32-bit number and never 0', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.option(fc.string(), { nil: undefined }), (dedupKey, recipientId, sharedKey) => {
      const id = randomIdOf({ dedupKey, recipientId, ...(sharedKey !== undefined && { sharedKey }) });
      expect(id | 0).toBe(id);
      expect(id).not.toBe(0);
    }),
  );
  // Stored nowhere: a new release must find the number that the last one sent.
  expect(randomIdOf({ dedupKey: '1000001-0', recipientId: '37119444' })).toBe(-979109987);
});

describe('a keyboard', () => {
  const keyboard = (given: Keyboard) => JSON.parse(String(paramsOf({ keyboard: given })['keyboard']));

  test('under a message is inline, and colors stand only where VK takes them', () => {
    const rows: Button[][] = [
      [yes, { kind: 'callback', label: 'Нет', payload: '{}', color: 'negative' }],
      [{ kind: 'link', label: 'Меню', url: 'https://pizza.example/' }],
      [{ kind: 'location', label: 'Где вы?' }],
    ];
    expect(keyboard({ place: 'message', rows })).toEqual({
      inline: true,
      buttons: [
        [
          { action: { type: 'text', label: 'Да', payload: '{"a":1}' }, color: 'positive' },
          { action: { type: 'callback', label: 'Нет', payload: '{}' }, color: 'negative' },
        ],
        [{ action: { type: 'open_link', label: 'Меню', link: 'https://pizza.example/' } }],
        [{ action: { type: 'location' } }],
      ],
    });
  });

  test('of the dialog goes away after a press where it is to, and an empty one takes it away', () => {
    expect(keyboard({ place: 'dialog', oneTime: true, rows: [[yes]] })).toMatchObject({ one_time: true });
    expect(keyboard({ place: 'dialog', rows: [[yes]] })).not.toHaveProperty('inline');
    expect(keyboard({ place: 'dialog', rows: [] })).toEqual({ buttons: [] });
  });

  test('with a button that VK lacks has the one that stands in for it', () => {
    expect(keyboard({ place: 'message', rows: [[{ kind: 'contact', label: 'Телефон' }]] })).toMatchObject({
      buttons: [[{ action: { type: 'text', label: 'Телефон' } }]],
    });
  });
});

describe('a carousel', () => {
  test('is a template of cards; a press on a picture opens its link, else the picture', () => {
    const cards: CarouselCard[] = [
      { ...card, description: 'Острая', photoReference: 'photo-1_2_key', linkUrl: 'https://pizza.example/1' },
      { ...card, photoReference: '-1_3' },
    ];
    expect(JSON.parse(String(paramsOf({ carousel: cards })['template']))).toEqual({
      type: 'carousel',
      elements: [
        {
          title: 'Пицца',
          description: 'Острая',
          photo_id: '-1_2',
          buttons: [{ action: { type: 'callback', label: 'Беру', payload: '{"id":7}' } }],
          action: { type: 'open_link', link: 'https://pizza.example/1' },
        },
        expect.objectContaining({ photo_id: '-1_3', action: { type: 'open_photo' } }),
      ],
    });
  });

  test.each<[CarouselCard[], string]>([
    [Array(11).fill(card), '911 carousel: VK takes at most 10 cards, there are 11'],
    [[{ ...card, title: 'я'.repeat(81) }], '911 carousel[0].title: VK takes at most 80 characters, there are 81'],
    [[{ ...card, title: ' ' }], '911 carousel[0].title: a card needs a title'],
    [
      [card, { ...card, description: 'я'.repeat(81) }],
      '911 carousel[1].description: VK takes at most 80 characters, there are 81',
    ],
    [[{ ...card, buttons: Array(4).fill(yes) }], '911 carousel[0].buttons: VK takes at most 3 buttons, there are 4'],
    [[card, { ...card, buttons: [yes, yes] }], '911 carousel[1].buttons: all cards have the same number of buttons'],
    [
      [{ ...card, buttons: [yes, { ...yes, label: 'x'.repeat(41) }] }],
      '911 carousel[0].buttons[1].label: VK takes at most 40 characters, there are 41',
    ],
    [
      [{ ...card, photoReference: 'https://x/1.jpg' }],
      '911 carousel[0].photoReference: a picture is an uploaded photo, such as -1_2',
    ],
    [[{ ...card, linkUrl: 'javascript:alert(1)' }], '911 carousel[0].linkUrl: a link is an http or https address'],
  ])('over a limit is refused by the rule and the place', (carousel, problem) => {
    expect(problemOf({ carousel })).toBe(problem);
  });
});

test('files go by their references, in their order', () => {
  const attachments = [
    { kind: 'image', reference: 'photo-1_2_key' },
    { kind: 'voice', reference: 'audio_message7_3' },
  ] as const;
  expect(paramsOf({ text: '', attachments })).toEqual({ message: '', attachment: 'photo-1_2_key,audio_message7_3' });
});

test.each<[Partial<VkContent>, string]>([
  [{ text: 'я'.repeat(21) }, '914 text: VK takes at most 20 characters, there are 21'],
  [{ text: ' ' }, '100 text: a message without files needs a text'],
  [
    { attachments: Array(3).fill({ kind: 'image', reference: 'photo1_1' }) },
    '100 attachments: VK takes at most 2 files, there are 3',
  ],
  [
    { attachments: [{ kind: 'image-url', url: 'https://x/1.jpg' }] },
    '100 attachments[0]: VK fetches no pictures: upload it first',
  ],
  [
    { attachments: [{ kind: 'video', reference: 'video1_1' }] },
    '100 attachments[0]: VK takes no videos from communities: send a link',
  ],
  [
    { attachments: [{ kind: 'image', reference: 'photo1_1,doc2_2' }] },
    '100 attachments[0].reference: a reference of this kind looks as photo-1_2_key: take the one that the upload gave',
  ],
])('content that VK does not take is refused by the rule and the place', (content, problem) => {
  expect(problemOf(content)).toBe(problem);
});

describe('a reply', () => {
  const replyOf = (recipientId: string, replyToNetworkId: string) => {
    const message: Outgoing = { dedupKey: 'k', network: 'vk', groupId: '1', recipientId, text: 'Да', replyToNetworkId };
    const prepared = prepareMessage(message, LIMITS);
    return 'params' in prepared ? prepared.params : prepared.refusal;
  };

  test('names the message by its id, and in a group chat by its number there', () => {
    expect(replyOf('37119444', '412')).toEqual({ message: 'Да', reply_to: '412' });
    expect(replyOf('2000000003', '2000000003:5')).toEqual({
      message: 'Да',
      forward: '{"peer_id":2000000003,"conversation_message_ids":[5],"is_reply":true}',
    });
  });

  test('to a message that VK gave no number goes out as no reply', () => {
    expect(replyOf('2000000003', '2000000003:random:77')).toEqual({ message: 'Да' });
  });
});
