import { expect, test } from 'vitest';
import { createLogger } from '../platform/telemetry.ts';
import { logDispatchTo, sendAnswered } from './events.ts';

test('a message that breaks a limit is logged with the place and the rule', () => {
  const logged: object[] = [];
  logDispatchTo(Object.assign(Object.create(createLogger('info')), { warn: (fields: object) => logged.push(fields) }));
  const refused = { connectionId: 7, channel: 'vk', outcome: 'refused', code: '911' };
  const unfit = 'rows[1][0].label: VK takes at most 40 characters, there are 41';
  sendAnswered({ ...refused, unfit });
  sendAnswered({ ...refused, code: '901' });
  expect(logged).toEqual([{ event: 'message_unfit', ...refused, unfit }]);
});
