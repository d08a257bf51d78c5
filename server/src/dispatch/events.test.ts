import { expect, test } from 'vitest';
import { createLogger, registry } from '../platform/telemetry.ts';
import { logDispatchTo, sendAnswered } from './events.ts';

test('a message that breaks a limit is logged with the place, and counted under the code alone', async () => {
  const logged: object[] = [];
  const logger = createLogger('info');
  logDispatchTo(Object.assign(Object.create(logger), { warn: (fields: object) => logged.push(fields) }));
  const code = '911: rows[1][0].label: VK takes at most 40 characters, there are 41';
  sendAnswered({ connectionId: 7, channel: 'vk', outcome: 'refused', code });
  sendAnswered({ connectionId: 7, channel: 'vk', outcome: 'refused', code: '901' });
  expect(logged).toEqual([{ event: 'message_unfit', connectionId: 7, channel: 'vk', outcome: 'refused', code }]);
  const { values } = (await registry.getSingleMetric('soroka_send_outcomes_total')?.get()) ?? { values: [] };
  expect(values.map(({ labels }) => labels['code'])).toEqual(['911', '901']);
});
