import { escapeHtml, type Language, renderPage } from './page.ts';

const TEXTS = {
  en: {
    other: '<a href="/?lang=ru" lang="ru" hreflang="ru">Русский</a>',
    lead: 'Notifications and chatbots in VK and Odnoklassniki from your own server. It is running.',
    reference: ['API reference', 'Every route, field and code, written from the OpenAPI document.'],
    openapi: ['OpenAPI 3.1', 'The same as JSON, for generators of clients.'],
    simulator: ['Simulator', 'Both networks as they look from outside: read and answer as Anna.'],
    live: ['Health', 'Whether the process answers.'],
    ready: ['Readiness', 'Whether it can take messages now.'],
  },
  ru: {
    other: '<a href="/?lang=en" lang="en" hreflang="en">English</a>',
    lead: 'Уведомления и чат-боты во ВКонтакте и Одноклассниках с вашего сервера. Он запущен.',
    reference: ['Справочник API', 'Все адреса, поля и коды — по документу OpenAPI (на английском).'],
    openapi: ['OpenAPI 3.1', 'То же в JSON — для генераторов клиентов.'],
    simulator: ['Симулятор', 'Обе сети, какими они видны снаружи: читайте и отвечайте за Анну.'],
    live: ['Проверка процесса', 'Отвечает ли он.'],
    ready: ['Готовность', 'Может ли он сейчас принимать сообщения.'],
  },
} as const satisfies Record<Language, unknown>;

/** The page at `/`: where everything is. `simulatorUrl` null: there is none to show. */
export function renderHome(language: Language, simulatorUrl: string | null): string {
  const texts = TEXTS[language];
  const card = (url: string, [name, meaning]: readonly [string, string]) =>
    `<li><a href="${escapeHtml(url)}">${name}</a><p class="soft">${meaning}</p></li>`;
  const cards = [
    card(`/docs?lang=${language}`, texts.reference),
    ...(simulatorUrl === null ? [] : [card(simulatorUrl, texts.simulator)]),
    card('/openapi.json', texts.openapi),
    card('/livez', texts.live),
    card('/readyz', texts.ready),
  ];
  return renderPage({
    language,
    title: 'Soroka',
    header: `<h1>Soroka</h1>${texts.other}`,
    main: `<p>${texts.lead}</p><ul class="cards">${cards.join('')}</ul>`,
  });
}
