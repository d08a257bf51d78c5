import { ERRORS, type OpenApiDocument, type OpenApiOperation, STATUS_ERRORS } from '@soroka/api';
import { escapeHtml, type Language, renderPage } from './page.ts';
import { fieldsHtml, tableHtml, typeHtml } from './schema-html.ts';

const TEXTS = {
  en: {
    title: 'API reference',
    other: '<a href="/docs?lang=ru" lang="ru" hreflang="ru">Русский</a>',
    lead: 'Written from <a href="/openapi.json">openapi.json</a>. A star marks what is required.',
    parameters: 'Parameters',
    body: 'Body',
    answers: 'Answers',
    schemas: 'Schemas',
    codes: 'Codes of refusals',
    statusCodes: 'errorCode of statuses',
  },
  ru: {
    title: 'Справочник API',
    other: '<a href="/docs?lang=en" lang="en" hreflang="en">English</a>',
    lead: 'Составлен по <a href="/openapi.json">openapi.json</a>, описания на английском. Звёздочкой отмечено обязательное.',
    parameters: 'Параметры',
    body: 'Тело запроса',
    answers: 'Ответы',
    schemas: 'Схемы',
    codes: 'Коды отказов',
    statusCodes: 'errorCode статусов',
  },
} as const satisfies Record<Language, unknown>;
type Texts = (typeof TEXTS)[Language];

interface Entry {
  method: string;
  path: string;
  operation: OpenApiOperation;
}

/** The operations of one tag. */
type Group = readonly [tag: string, entries: readonly Entry[]];

/** A readable page of the whole OpenAPI document. */
export function renderApiReference(document: OpenApiDocument, language: Language): string {
  const texts = TEXTS[language];
  const entries = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): Entry => ({ method: method.toUpperCase(), path, operation })),
  );
  const groups = document.tags.map(({ name }): Group => [name, entries.filter(({ operation }) => operation.tags.includes(name))]);
  const sections = groups.map(
    ([name, own]) => `<h2>${escapeHtml(name)}</h2>${own.map((entry) => operationHtml(entry, texts)).join('')}`,
  );
  const schemas = Object.entries(document.components.schemas).map(
    ([name, schema]) => `<article id="schema-${escapeHtml(name)}"><h3>${escapeHtml(name)}</h3>${fieldsHtml(schema)}</article>`,
  );
  return renderPage({
    language,
    title: `Soroka: ${texts.title}`,
    header: `<h1><a href="/?lang=${language}">Soroka</a>: ${texts.title}</h1>${texts.other}`,
    main: [
      `<p>${texts.lead}</p>`,
      `<nav><ul>${groups.map(contentsHtml).join('')}</ul></nav>`,
      ...sections,
      `<h2>${texts.schemas}</h2>${schemas.join('')}`,
      `<h2>${texts.codes}</h2>${codesHtml()}`,
      `<h2>${texts.statusCodes}</h2>${statusCodesHtml()}`,
    ].join(''),
  });
}

function contentsHtml([tag, own]: Group): string {
  const links = own.map(
    ({ method, path, operation }) => `<li><a href="#${operation.operationId}">${method} ${escapeHtml(path)}</a></li>`,
  );
  return `<li><strong>${escapeHtml(tag)}</strong><ul>${links.join('')}</ul></li>`;
}

function operationHtml({ method, path, operation }: Entry, texts: Texts): string {
  const { operationId, summary, description, parameters, requestBody, responses } = operation;
  const answers = Object.entries(responses).map(([status, { description: meaning, content }]) => {
    return `<tr><td><code>${status}</code></td><td>${typeHtml(schemaIn(content))}</td><td>${codeMarksHtml(meaning)}</td></tr>`;
  });
  return [
    `<article id="${operationId}"><h3><span class="method">${method}</span> <code>${escapeHtml(path)}</code></h3>`,
    `<p><strong>${escapeHtml(summary)}.</strong> ${escapeHtml(description ?? '')}</p>`,
    parameters === undefined ? '' : `<h4>${texts.parameters}</h4>${tableHtml(parameters)}`,
    requestBody === undefined ? '' : `<h4>${texts.body}</h4>${fieldsHtml(schemaIn(requestBody.content))}`,
    `<h4>${texts.answers}</h4><div class="wide"><table><tbody>${answers.join('')}</tbody></table></div></article>`,
  ].join('');
}

/** Of whatever type its body is. */
const schemaIn = (content: Readonly<Record<string, { schema: unknown }>>): unknown => Object.values(content)[0]?.schema;

/** Text in which `…` stands for code; several explained codes stand below each other. */
const codeMarksHtml = (text: string): string =>
  escapeHtml(text)
    .replace(/`([^`]+)`/g, '<code>$1</code>')
    .replaceAll(/ (?=<code>[^<]+<\/code>: )/g, '<br>');

function codesHtml(): string {
  const rows = Object.entries(ERRORS).map(
    ([code, { status, message, hint }]) =>
      `<tr><td><code>${code}</code></td><td>${status}</td><td>${escapeHtml(message)} <span class="soft">${escapeHtml(hint)}</span></td></tr>`,
  );
  return `<div class="wide"><table><tbody>${rows.join('')}</tbody></table></div>`;
}

function statusCodesHtml(): string {
  const rows = Object.entries(STATUS_ERRORS).map(([name, code]) => `<tr><td><code>${code}</code></td><td>${name}</td></tr>`);
  return `<div class="wide"><table><tbody>${rows.join('')}</tbody></table></div>`;
}
