import { drawAttachment } from './attachments.js';
import { drawCards, drawRows } from './buttons.js';
import { h, icon } from './dom.js';
import { clockTime, fullTime, t } from './i18n.js';

const TICKS = { sent: 'tick', seen: 'ticks', received: 'ticks', read: 'ticks', expired: 'clock' };

/** Whose side of the phone it stands on; system lines are in the middle. */
const sideOf = ({ from }) => (from === 'person' ? 'mine' : from === 'system' ? 'system' : 'theirs');

/** A message with its keyboard. `onPress(button)`, `onMenu(message, element)`. */
export function drawMessage(message, { onPress, onMenu }) {
  const { from, ticks, edited, deleted, text, time, buttons, cards, attachments, author, kind, replyTo, reaction } = message;
  if (from === 'system') return systemLine(message);
  const item = h('li', {
    class: `message ${sideOf(message)}${ticks === 'expired' ? ' expired' : ''}`,
    'data-number': message.number,
  });
  const article = h(
    'article',
    { class: 'bubble', tabindex: '-1', 'aria-label': spoken(message) },
    author === null ? null : h('span', { class: 'author' }, from === 'group' ? t('writtenBy', author) : author),
    kind === 'notification' ? h('span', { class: 'badge' }, t('notification')) : null,
    replyTo === null ? null : h('blockquote', {}, replyTo),
    deleted ? h('p', { class: 'text deleted' }, t('deleted')) : text === '' ? null : h('p', { class: 'text' }, withLinks(text)),
    deleted ? null : attachments.map(drawAttachment),
    h(
      'span',
      { class: 'meta' },
      reaction === null ? null : h('span', { class: 'reaction' }, icon('heart'), String(reaction)),
      edited && !deleted ? h('span', {}, t('edited')) : null,
      h('time', { datetime: new Date(time).toISOString(), title: fullTime(time) }, clockTime(time)),
      ticks === null ? null : tickMark(ticks),
    ),
  );
  const openMenu = (event) => {
    event.preventDefault();
    onMenu(message, article);
  };
  article.addEventListener('contextmenu', openMenu);
  article.addEventListener('dblclick', openMenu);
  article.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && event.target === article) openMenu(event);
  });
  item.append(article);
  if (!deleted && cards.length > 0) item.append(drawCards(cards, onPress));
  if (!deleted && buttons.length > 0) item.append(drawRows(buttons, onPress, 'inline'));
  return item;
}

function tickMark(ticks) {
  return h(
    'span',
    { class: `ticks ${ticks}`, role: 'img', 'aria-label': t(`ticks.${ticks}`), title: t(`ticks.${ticks}`) },
    icon(TICKS[ticks]),
  );
}

function systemLine({ system, author, time, number }) {
  const words = t(`system.${system.kind}`, { who: author, title: system.title, member: system.member });
  return h('li', { class: 'message system', 'data-number': number }, h('p', { title: fullTime(time) }, words));
}

/** What a screen reader says of it before its content. */
function spoken({ from, author, time, ticks, edited, deleted }) {
  const who = from === 'person' ? t('you') : (author ?? t('group'));
  const marks = [deleted ? t('deleted') : null, edited ? t('edited') : null, ticks === null ? null : t(`ticks.${ticks}`)];
  return [who, clockTime(time), ...marks.filter((mark) => mark !== null)].join(', ');
}

/** Web addresses in a text can be opened. */
function withLinks(text) {
  return text
    .split(/(https?:\/\/[^\s<>"]+)/)
    .map((part, n) => (n % 2 === 1 ? h('a', { href: part, target: '_blank', rel: 'noopener noreferrer' }, part) : part));
}
