// A bot on the webhook of vk-io as a process of its own, with a handler that does nothing. With a DATABASE_URL it stores each event
// by one insert before it answers. vk-io and pg are those of the root.
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import pg from 'pg';
import { VK } from 'vk-io';

const { DATABASE_URL: databaseUrl, WEBHOOK_SECRET: webhookSecret } = process.env;
const INSERT = {
  name: 'store',
  text: 'insert into bare.event (event_id, body) values ($1, $2) on conflict do nothing',
};

const vk = new VK({ token: 'vk1.demo', webhookSecret });
vk.updates.on('message_new', () => {});
// It answers first and calls the handler then; a body that was read before it takes from the request, as express leaves it there.
const answer = vk.updates.getWebhookCallback();

function storeAndAnswer(database) {
  return async (request, response) => {
    const event = await json(request);
    await database.query({ ...INSERT, values: [event.event_id, JSON.stringify(event)] });
    request.body = event;
    await answer(request, response);
  };
}

const listener = databaseUrl === undefined ? answer : storeAndAnswer(new pg.Pool({ connectionString: databaseUrl, max: 16 }));
const server = createServer(listener);
process.once('SIGTERM', () => process.exit(0));
server.listen(0, '127.0.0.1', () => process.stdout.write(`http://127.0.0.1:${server.address().port}\n`));
