import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';

/** The page at `/`: everybody's messages as they come, and a field to write as one of the people. It uses the control API only. */
export async function registerPage(app: FastifyInstance): Promise<void> {
  const page = readFileSync(new URL('page.html', import.meta.url), 'utf8');
  app.get('/', async (_, reply) => reply.type('text/html; charset=utf-8').send(page));
}
