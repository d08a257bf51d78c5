import type { FastifyInstance, FastifyRequest } from 'fastify';

/**
 * Makes the routes of this Fastify scope read bodies as VK's API and OK's REST API do: `application/x-www-form-urlencoded` and
 * the text fields of `multipart/form-data` become a record of texts. Any other body, JSON too, counts as empty: these networks
 * do not read it.
 */
export function acceptForms(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    async (_request: FastifyRequest, body: string) => Object.fromEntries(new URLSearchParams(body)),
  );
  app.addContentTypeParser('multipart/form-data', { parseAs: 'buffer' }, (request, body, done) => {
    const form = new Response(new Uint8Array(body as Buffer), {
      headers: { 'content-type': `${request.headers['content-type']}` },
    }).formData();
    form.then(
      (fields) => done(null, Object.fromEntries([...fields].filter(([, value]) => typeof value === 'string'))),
      () => done(null, {}),
    );
  });
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, _body, done) => done(null, {}));
}

/**
 * The parameters of a call: those of the query and of the form together; of the same name, the form's. Of one that comes several
 * times the last counts, as in PHP, which VK is made of. [?] OK's choice is not known.
 */
export function parametersOf(request: FastifyRequest): Record<string, string> {
  const query = Object.entries(request.query as Record<string, string | string[]>);
  const fromQuery = query.map(([name, value]) => [name, Array.isArray(value) ? (value.at(-1) ?? '') : value] as const);
  return { ...Object.fromEntries(fromQuery), ...((request.body ?? {}) as Record<string, string>) };
}
