import { h, icon } from './dom.js';
import { t } from './i18n.js';

// As long as a press can wait for its answer on a phone before one stops believing in it.
const WAITING_MS = 8_000;
const MARKS = { open: 'out', location: 'place', contact: 'contact' };

/**
 * Rows of buttons. `onPress(button)` is asked to do what a press does and may return a promise: one that tells the group shows
 * that it waits until `.waiting` is taken away, by the answer or in the end by itself.
 */
export function drawRows(rows, onPress, className) {
  return h(
    'div',
    { class: `rows ${className}` },
    rows.map((row) =>
      h(
        'div',
        { class: 'row' },
        row.map((button) => drawButton(button, onPress)),
      ),
    ),
  );
}

function drawButton(button, onPress) {
  const { label, color, does, link } = button;
  const mark = MARKS[does];
  const shown = [
    h('span', { class: 'key-label' }, label === '' ? t(`button.${does}`) : label),
    mark === undefined ? null : icon(mark, 'mark'),
  ];
  if (does === 'open' && link !== null && /^https?:\/\//.test(link)) {
    return h('a', { class: `key ${color}`, href: link, target: '_blank', rel: 'noopener noreferrer', title: link }, shown);
  }
  const element = h('button', { type: 'button', class: `key ${color}` }, shown);
  element.addEventListener('click', async () => {
    if (does === 'tell') {
      element.classList.add('waiting');
      setTimeout(() => element.classList.remove('waiting'), WAITING_MS);
    }
    const isDone = await onPress(button);
    if (isDone === false) element.classList.remove('waiting');
  });
  return element;
}

/** Cards that are turned over sideways. */
export function drawCards(cards, onPress) {
  const list = h('div', { class: 'cards', role: 'list', tabindex: '0', 'aria-label': t('cards', cards.length) });
  for (const { title, description, link, buttons } of cards) {
    list.append(
      h(
        'div',
        { class: 'card', role: 'listitem' },
        h('div', { class: 'card-picture' }, icon('photo')),
        title === '' ? null : h('b', {}, title),
        description === '' ? null : h('p', {}, description),
        link === null ? null : h('a', { href: link, target: '_blank', rel: 'noopener noreferrer' }, t('button.open')),
        buttons.length === 0
          ? null
          : drawRows(
              buttons.map((button) => [button]),
              onPress,
              'inline',
            ),
      ),
    );
  }
  return list;
}
