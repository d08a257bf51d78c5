import { type ConsentLanguage, consentForm, DARK_STYLE, escapeHtml } from '../../consent/consent.ts';
import type { Person } from '../../world/world.ts';

/** The words of the page. OK shows Russian or English by the person's browser. */
const WORDS = {
  ru: {
    title: 'Вход через Одноклассники',
    asks: 'просит доступ к вашим данным:',
    nothing: 'имя и фамилия',
    person: 'Вы вошли как',
    allow: 'Разрешить',
    deny: 'Отказать',
    simulated: 'Симулятор: настоящих аккаунтов здесь нет.',
  },
  en: {
    title: 'Log in with Odnoklassniki',
    asks: 'asks for access to your data:',
    nothing: 'first and last name',
    person: 'You are logged in as',
    allow: 'Allow',
    deny: 'Refuse',
    simulated: 'A simulator: there are no real accounts here.',
  },
} as const;

/**
 * The page on which a person lets an application in: a plain form that works without scripts and posts to its own address.
 * `layout` is OK's: `w` wide, `m` for phones, `a` for phones without a header. `request` comes back with the decision.
 */
export function consentPage(page: {
  language: ConsentLanguage;
  layout: 'w' | 'm' | 'a';
  application: string;
  scopes: readonly string[];
  people: readonly Person[];
  request: Readonly<Record<string, string>>;
}): string {
  const words = WORDS[page.language];
  const scopes = page.scopes.length === 0 ? [words.nothing] : page.scopes;
  return `<!doctype html>
<html lang="${page.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${words.title}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; color: #222; background: #f5f5f5; }
header { background: #ee8208; color: #fff; padding: 12px 20px; font-weight: 600; }
main { background: #fff; max-width: ${page.layout === 'w' ? '560px' : '100%'}; margin: ${page.layout === 'w' ? '40px auto' : '0'}; padding: 20px; }
button { font: inherit; padding: 8px 20px; margin: 16px 12px 0 0; border: 1px solid #b35f00; border-radius: 6px; background: #fff; color: #8a4900; }
button[value="allow"] { background: #b35f00; color: #fff; }
select { font: inherit; padding: 6px; }
small { color: #595959; }
${DARK_STYLE}
</style>
</head>
<body>
${page.layout === 'a' ? '' : `<header>${words.title}</header>`}
<main>
<p><b>${escapeHtml(page.application)}</b> ${words.asks}</p>
<ul>${scopes.map((scope) => `<li>${escapeHtml(scope)}</li>`).join('')}</ul>
${consentForm({ words, people: page.people, request: page.request })}
</main>
</body>
</html>
`;
}

/** What a person sees where the application's request is wrong: there is nowhere safe to send them back to. */
export function consentErrorPage(problem: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Error</title></head><body><h1>Error</h1><p>${escapeHtml(problem)}</p></body></html>
`;
}
