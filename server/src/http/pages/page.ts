import { hash } from 'node:crypto';

export const LANGUAGES = ['ru', 'en'] as const;
export type Language = (typeof LANGUAGES)[number];

const STYLE = `
:root { color-scheme: light dark; --ground: #fbfaf7; --ink: #1d2126; --soft: #5c636b; --line: #dcdad3; --card: #fff; --accent: #1f5fae; --code: #f1efe9; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #14171b; --ink: #e7e5df; --soft: #a0a6ad; --line: #33383f; --card: #1b1f24; --accent: #8ab8f2; --code: #22272d; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
main, header, footer { max-width: 60rem; margin: 0 auto; padding: 1rem; }
header { display: flex; justify-content: space-between; align-items: baseline; gap: 1rem; padding-top: 2rem; } header > a { white-space: nowrap; }
h1 { margin: 0; font-size: 1.7rem; } h2 { margin: 2.5rem 0 .75rem; font-size: 1.25rem; } h3 { margin: 0; font-size: 1rem; } h4 { margin: 1rem 0 .25rem; font-size: .95rem; }
p { margin: .5rem 0; } .soft { color: var(--soft); }
a { color: var(--accent); } a:focus-visible, summary:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
ul.cards { list-style: none; margin: 1.5rem 0; padding: 0; display: grid; gap: .75rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 17rem), 1fr)); }
ul.cards li { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: 1rem; }
ul.cards a { font-weight: 600; } ul.cards p { margin-bottom: 0; }
code, pre { font: .875em/1.5 ui-monospace, monospace; background: var(--code); border-radius: .3rem; }
code { padding: .1em .3em; } pre { padding: .75rem 1rem; overflow-x: auto; } pre code { padding: 0; background: none; }
article { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: 1rem; margin: .75rem 0; }
.method { display: inline-block; min-width: 3.6rem; font-weight: 700; color: var(--accent); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; } th, td { text-align: left; vertical-align: top; padding: .4rem .75rem .4rem 0; border-top: 1px solid var(--line); overflow-wrap: break-word; }
td:last-child { min-width: 12rem; }
@media (max-width: 40rem) {
  tr { display: block; border-top: 1px solid var(--line); padding: .4rem 0; } th, td { display: block; border: 0; padding: .1rem 0; }
}
nav > ul { columns: 2 16rem; list-style: none; padding: 0; }
nav ul ul { list-style: none; padding: 0 0 .8rem .8rem; }
nav strong { break-after: avoid; }
`;

/** Nothing may be loaded from anywhere, not even from here: the pages are one file each and hold no script. */
export const PAGE_POLICY = `default-src 'none'; style-src 'sha256-${hash('sha256', STYLE, 'base64')}'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

export interface Page {
  language: Language;
  title: string;
  /** HTML. */
  header: string;
  main: string;
}

export function renderPage({ language, title, header, main }: Page): string {
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<header>${header}</header>
<main>${main}</main>
</body>
</html>
`;
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** What the visitor asked for by `?lang=`, else the first of the browser's languages that we speak, else English. */
export function chooseLanguage(asked: unknown, acceptLanguage: string | undefined): Language {
  const named = LANGUAGES.find((language) => language === asked);
  if (named !== undefined) return named;
  const wanted = (acceptLanguage ?? '').split(',').map((part) => part.trim().slice(0, 2).toLowerCase());
  return wanted.map((code) => LANGUAGES.find((language) => language === code)).find((language) => language !== undefined) ?? 'en';
}
