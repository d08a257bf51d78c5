import { expect, test } from 'vitest';
import { createMetricsServer } from './http.ts';
import { message, startStand } from './http-stand.ts';

test('metrics stand on a port of their own, by route and code and without phones', async () => {
  await using stand = await startStand();
  await stand.post([message(), message({ phone: '74951234567' })]);
  await stand.call({ method: 'GET', url: '/vk/messages/424242' });
  await stand.call({ method: 'GET', url: '/nowhere/79999999999' });
  const metrics = await createMetricsServer({ port: 0, host: '127.0.0.1' });
  try {
    const read = (path: string) => fetch(`http://127.0.0.1:${metrics.port}${path}`);
    const text = await (await read('/metrics')).text();
    expect(text).toMatch(/soroka_http_requests_total\{route="\/vk\/messages",method="POST",status="200"\} 1/);
    expect(text).toMatch(/soroka_http_requests_total\{route="\/vk\/messages\/:messageId",method="GET",status="404"\} 1/);
    expect(text).toMatch(/soroka_http_requests_total\{route="unknown",method="GET",status="404"\} 1/);
    expect(text).toMatch(/soroka_http_message_answers_total\{key="OK"\} 1/);
    expect(text).toMatch(/soroka_http_message_answers_total\{key="phone.invalid"\} 1/);
    expect(text).not.toMatch(/79999999999|74951234567|424242/);
    expect((await read('/')).status).toBe(404);
  } finally {
    await metrics.close();
  }
});
