import { openApiDocument } from '@soroka/api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { renderApiReference } from './api-reference.ts';
import { renderHome } from './home.ts';
import { chooseLanguage, LANGUAGES, type Language, PAGE_POLICY } from './page.ts';

export interface PagesParts {
  /** Of the product, for the OpenAPI document. */
  version: string;
  /** Null where no simulator runs beside the server. */
  simulatorUrl: string | null;
}

/** GET /, /docs and /openapi.json: all made once, at start. */
export function registerPages(app: FastifyInstance, { version, simulatorUrl }: PagesParts): void {
  const document = openApiDocument(version);
  const json = JSON.stringify(document);
  const homes = new Map(LANGUAGES.map((language) => [language, renderHome(language, simulatorUrl)]));
  const references = new Map(LANGUAGES.map((language) => [language, renderApiReference(document, language)]));
  app.get('/', (request, reply) => sendPage(request, reply, homes));
  app.get('/docs', (request, reply) => sendPage(request, reply, references));
  app.get('/openapi.json', (_request, reply) => reply.type('application/json; charset=utf-8').send(json));
}

function sendPage(request: FastifyRequest, reply: FastifyReply, pages: ReadonlyMap<Language, string>): FastifyReply {
  const language = chooseLanguage((request.query as { lang?: unknown }).lang, request.headers['accept-language']);
  return reply
    .type('text/html; charset=utf-8')
    .header('Content-Language', language)
    .header('Vary', 'Accept-Language')
    .header('Content-Security-Policy', PAGE_POLICY)
    .send(pages.get(language));
}
