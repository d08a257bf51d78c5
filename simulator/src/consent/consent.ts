import type { Person } from '../world/world.ts';

/** What the consent pages of both networks have in common: pages of theirs look different, and ask alike. */

export type ConsentLanguage = 'ru' | 'en';

/** Russian wherever the browser does not prefer English. */
export function languageOf(acceptLanguage: string | undefined): ConsentLanguage {
  const [first] = (acceptLanguage ?? '').toLowerCase().split(',');
  return first?.startsWith('en') === true ? 'en' : 'ru';
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);

/** Of the page beneath a network's own colours, for who prefers dark ones. */
export const DARK_STYLE = `:root { color-scheme: light dark; }
@media (prefers-color-scheme: dark) { body { color: #e1e3e6; background: #141414; } main { background: #222; } small { color: #aaa; } }`;

export interface ConsentWords {
  person: string;
  allow: string;
  deny: string;
  simulated: string;
}

/** Who says yes or no: works without scripts and posts to the page's own address; `request` comes back with the decision. */
export function consentForm(form: {
  words: ConsentWords;
  people: readonly Person[];
  request: Readonly<Record<string, string>>;
}): string {
  const { words } = form;
  const hidden = Object.entries(form.request).map(
    ([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`,
  );
  const people = form.people.map(
    ({ phone, firstName, lastName }) => `<option value="${phone}">${escapeHtml(`${firstName} ${lastName}`)}</option>`,
  );
  return `<form method="post">
${hidden.join('\n')}
<p><label>${words.person} <select name="person">${people.join('')}</select></label></p>
<button type="submit" name="decision" value="allow">${words.allow}</button>
<button type="submit" name="decision" value="deny">${words.deny}</button>
</form>
<p><small>${words.simulated}</small></p>`;
}
