import { consentForm, DARK_STYLE, escapeHtml, languageOf } from '../consent/consent.ts';
import type { Person } from '../world/world.ts';

/** The words of the page. VK ID shows Russian or English by the person's browser. */
const WORDS = {
  ru: {
    title: 'Вход с VK ID',
    asks: 'получит доступ к имени и фотографии',
    person: 'Продолжить как',
    allow: 'Продолжить',
    deny: 'Отмена',
    simulated: 'Симулятор: настоящих аккаунтов здесь нет.',
  },
  en: {
    title: 'Sign in with VK ID',
    asks: 'will get access to your name and picture',
    person: 'Continue as',
    allow: 'Continue',
    deny: 'Cancel',
    simulated: 'A simulator: there are no real accounts here.',
  },
} as const;

/** The page on which a person says who they are: a plain form that posts to its own address, with the request in it. */
export function vkIdPage(page: {
  acceptLanguage: string | undefined;
  application: string;
  people: readonly Person[];
  request: Readonly<Record<string, string>>;
}): string {
  const language = languageOf(page.acceptLanguage);
  const words = WORDS[language];
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${words.title}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; color: #222; background: #edeef0; }
main { background: #fff; max-width: 400px; margin: 40px auto; padding: 24px; border-radius: 12px; }
button { font: inherit; width: 100%; padding: 10px; margin-top: 12px; border: 0; border-radius: 8px; background: #e5ebf1; color: #1f4c7a; }
button[value="allow"] { background: #0059c9; color: #fff; }
select { font: inherit; padding: 6px; }
small { color: #595959; }
${DARK_STYLE}
</style>
</head>
<body>
<main>
<h1>${words.title}</h1>
<p><b>${escapeHtml(page.application)}</b> ${words.asks}</p>
${consentForm({ words, people: page.people, request: page.request })}
</main>
</body>
</html>
`;
}
