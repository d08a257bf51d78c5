import { hash } from 'node:crypto';
import type { Return } from '../../oauth/oauth.ts';
import { escapeHtml, type Language, PAGE_POLICY, renderPage } from './page.ts';

/** What somebody is told who opened an address of ours, or came back from OK. */
export type Outcome = Return | { kind: 'unknown-ticket' };

// Errors, and tokens of other flows, come behind the # of the address, which no server sees. They leave the address bar first.
const SCRIPT = `
const fragment = location.hash.slice(1);
history.replaceState(null, '', location.pathname);
document.querySelector('[name=fragment]').value = fragment;
document.forms[0].submit();
`;

/** Nothing is loaded; this one script may run, and the form may go to us. */
export const FRAGMENT_PAGE_POLICY = PAGE_POLICY.replace(
  "form-action 'none'",
  `form-action 'self'; script-src 'sha256-${hash('sha256', SCRIPT, 'base64')}'`,
);

type Texts = Record<Outcome['kind'] | 'waiting' | 'script', readonly [title: string, text: string]>;
const TEXTS: Record<Language, Texts> = {
  en: {
    connected: ['Access is granted', 'Soroka has what it needs. You may close this window.'],
    'unknown-ticket': ['This address opens nothing', 'It is older than half an hour, or has been used. Ask for a new one.'],
    stranger: ['This answer belongs to nothing', 'Open the address that you were given once more, in this browser.'],
    refused: [
      'Access was not granted',
      'Odnoklassniki has not let Soroka in. If that was a mistake, open the address once more.',
    ],
    failed: [
      'It did not work',
      'Odnoklassniki gave no access. Open the address once more; tell the administrator what stands here.',
    ],
    'another-person': [
      'This is another person',
      'Sign in to Odnoklassniki as the person whose access is renewed, and open the address again.',
    ],
    waiting: ['One moment', 'The answer of Odnoklassniki is being handed over.'],
    script: [
      '',
      'Please allow scripts for this page: the answer of Odnoklassniki is in the address, where only a script can read it.',
    ],
  },
  ru: {
    connected: ['Доступ получен', 'У Сороки есть всё, что нужно. Это окно можно закрыть.'],
    'unknown-ticket': ['По этой ссылке ничего нет', 'Ей больше получаса, или её уже открывали. Попросите новую.'],
    stranger: ['Этот ответ ни к чему не относится', 'Откройте полученную ссылку ещё раз, в этом же браузере.'],
    refused: ['Доступа нет', 'Одноклассники не впустили Сороку. Если это вышло случайно, откройте ссылку ещё раз.'],
    failed: [
      'Не получилось',
      'Одноклассники не дали доступа. Откройте ссылку ещё раз; администратору передайте то, что написано ниже.',
    ],
    'another-person': [
      'Это другой человек',
      'Войдите в Одноклассники под тем, чей доступ продлевается, и откройте ссылку снова.',
    ],
    waiting: ['Минутку', 'Передаём ответ Одноклассников.'],
    script: ['', 'Разрешите этой странице скрипты: ответ Одноклассников стоит в адресе, и прочесть его может только скрипт.'],
  },
};

/** Hands what stands behind the # over to the server. */
export function renderFragmentPage(language: Language): string {
  const [title, text] = TEXTS[language].waiting;
  const form = '<form method="post" action="callback"><input type="hidden" name="fragment"></form>';
  const main = `<p>${text}</p><noscript><p>${TEXTS[language].script[1]}</p></noscript>${form}<script>${SCRIPT}</script>`;
  return renderPage({ language, title, header: `<h1>${title}</h1>`, main });
}

export function renderOutcomePage(language: Language, outcome: Outcome): string {
  const [title, text] = TEXTS[language][outcome.kind];
  const whose = outcome.kind === 'connected' ? `<p>${escapeHtml(outcome.name)}</p>` : '';
  const detail = 'detail' in outcome ? `<p class="soft" lang="en">${escapeHtml(outcome.detail)}</p>` : '';
  return renderPage({ language, title, header: `<h1>${title}</h1>`, main: `<p>${text}</p>${whose}${detail}` });
}
