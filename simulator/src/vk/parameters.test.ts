import { expect, test } from 'vitest';
import { readParameters } from './parameters.ts';

const SPECS = {
  group_id: { type: 'integer', required: true, min: 1 },
  count: { type: 'integer', max: 200, default: 20 },
  peer_ids: { type: 'integers', itemsMax: 2 },
  filter: { type: 'choice', values: ['all', 'unread'], default: 'all' },
  extended: { type: 'boolean' },
  title: { type: 'text', lengthMax: 14 },
} as const;

test('parameters come out typed, with their defaults; unknown ones are ignored', () => {
  expect(readParameters(SPECS, { group_id: '7', peer_ids: '1, -2', extended: 'true', mode: '202' })).toEqual({
    ok: true,
    values: { group_id: 7, count: 20, peer_ids: [1, -2], filter: 'all', extended: true, title: undefined },
  });
});

test.each([
  [{}, 'group_id is undefined'],
  [{ group_id: '' }, 'group_id is undefined'],
  [{ group_id: '7x' }, 'group_id not integer'],
  [{ group_id: '0' }, 'group_id should be greater or equal to 1'],
  [{ group_id: '7', count: '201' }, 'count should be less or equal to 200'],
  [{ group_id: '7', peer_ids: '1,2,3' }, 'peer_ids should hold at most 2 items'],
  [{ group_id: '7', peer_ids: '1,a' }, 'peer_ids should be integers'],
  [{ group_id: '7', filter: 'some' }, 'filter should be one of all, unread'],
  [{ group_id: '7', extended: 'yes' }, 'extended should be 0 or 1'],
  [{ group_id: '7', title: 'x'.repeat(15) }, 'title is too long: at most 14 characters'],
])('a bad parameter is refused with error 100 and its name: %j', (given, detail) => {
  expect(readParameters(SPECS, given)).toEqual({ ok: false, error: { code: 100, detail } });
});
