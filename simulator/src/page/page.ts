import { globSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance } from 'fastify';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

// Nothing from elsewhere is loaded and nothing inline runs: what people and bots write is text, whatever it holds.
const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "media-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-cache',
};

/**
 * The page at `/`: two phones of one person, and what happens behind them. Its files lie in this folder and go out as they are
 * under `/page`; it uses the control API only. `Accept-Language` chooses the language it begins in.
 */
export async function registerPage(app: FastifyInstance): Promise<void> {
  const names = globSync('**/*.{html,css,js,svg}', { cwd: FOLDER });
  const files = new Map(names.map((name) => [name.replaceAll('\\', '/'), readFileSync(`${FOLDER}/${name}`, 'utf8')]));

  app.get('/', async (request, reply) => {
    const language = speaksRussian(request.headers['accept-language']) ? 'ru' : 'en';
    const page = (files.get('index.html') ?? '').replace('<html lang="en">', `<html lang="${language}">`);
    return reply.headers(HEADERS).header('vary', 'accept-language').type(typeOf('index.html')).send(page);
  });
  app.get<{ Params: { '*': string } }>('/page/*', async (request, reply) => {
    const name = request.params['*'];
    const file = files.get(name);
    if (file === undefined) return reply.code(404).type('text/plain').send('Not found');
    return reply.headers(HEADERS).type(typeOf(name)).send(file);
  });
}

const typeOf = (name: string): string => TYPES[extname(name)] ?? 'application/octet-stream';

/** Whether Russian comes before English in what the browser asks for. */
export function speaksRussian(acceptLanguage: string | undefined): boolean {
  const asked = (acceptLanguage ?? '').split(',').map((part) => {
    const [tag = '', quality = 'q=1'] = part
      .trim()
      .toLowerCase()
      .split(/\s*;\s*/);
    return { language: tag.split('-')[0] ?? '', quality: Number(quality.replace('q=', '')) };
  });
  const of = (language: string): number =>
    Math.max(0, ...asked.filter((one) => one.language === language).map((one) => one.quality));
  return of('ru') > of('en') || (of('ru') > 0 && of('ru') === of('en') && firstOf(asked) === 'ru');
}

const firstOf = (asked: readonly { language: string }[]): string | undefined =>
  asked.map(({ language }) => language).find((language) => language === 'ru' || language === 'en');
