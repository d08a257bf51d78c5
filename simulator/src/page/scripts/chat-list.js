import { h, icon, iconButton, keyedList, rovingFocus } from './dom.js';
import { clockTime, dayOf, t } from './i18n.js';

const HUES = 6;

/** A round picture with the first letters of a name; the same name has the same colour. */
export function avatar(name, className = '') {
  const letters = name
    .replace(/[«»"]/g, '')
    .split(/\s+/)
    .map((word) => word[0] ?? '')
    .join('')
    .slice(0, 2)
    .toUpperCase();
  const hue = [...name].reduce((sum, letter) => sum + letter.codePointAt(0), 0) % HUES;
  return h('span', { class: `avatar hue-${hue} ${className}`, 'aria-hidden': 'true' }, letters);
}

const KIND_ICONS = { notifications: 'bell', chat: 'people' };

/** The list of chats on one phone. `onOpen(chatId)`; `onNewChat()` asks for a chat of several people. */
export function createChatList({ network, onOpen, onNewChat }) {
  const list = h('ul', { class: 'chats' });
  const empty = h('div', { class: 'empty' }, icon('nobody', 'large'), h('p', {}));
  const element = h(
    'section',
    { class: 'chat-list', 'aria-label': t('chats') },
    h('header', { class: 'list-head' }, h('h3', {}, t('chats')), iconButton('new-chat', t('newChat'), onNewChat)),
    h('div', { class: 'scroll' }, list, empty),
  );
  const rows = keyedList(list, {
    keyOf: ({ id }) => id,
    draw: (chat) => h('li', {}, drawRow(chat, onOpen)),
  });
  const roving = rovingFocus(list, 'button.chat-row');
  return {
    element,
    draw({ chats, hasAccount, person }) {
      const own = [...chats.values()].filter((chat) => chat.network === network);
      rows.show(own.sort((a, b) => (b.last?.time ?? 0) - (a.last?.time ?? 0)));
      roving.settle();
      empty.hidden = hasAccount;
      empty.querySelector('p').textContent = hasAccount ? '' : t('noAccount', person, network);
      element.querySelector('.list-head .icon-button').hidden = !hasAccount;
    },
    focus(id) {
      (rows.elementOf(id) ?? list).querySelector('button.chat-row')?.focus();
    },
  };
}

function drawRow(chat, onOpen) {
  const { id, title, kind, unread, waiting, last, permission } = chat;
  const drawing = KIND_ICONS[kind];
  const name = kind === 'notifications' ? t('notificationsOf', title) : title;
  return h(
    'button',
    { type: 'button', class: 'chat-row', tabindex: '-1', onclick: () => onOpen(id), 'data-chat': id },
    avatar(title, drawing === undefined ? '' : kind),
    h(
      'span',
      { class: 'chat-row-text' },
      h('span', { class: 'chat-row-title' }, drawing === undefined ? null : icon(drawing, 'small'), h('b', {}, name)),
      h('span', { class: 'preview' }, permission === 'blocked' && kind === 'dialog' ? t('blocked') : previewOf(last)),
    ),
    h(
      'span',
      { class: 'chat-row-end' },
      last === null
        ? null
        : h('span', { class: 'when' }, dayOf(last.time) === dayOf(Date.now()) ? clockTime(last.time) : dayOf(last.time)),
      unread > 0 ? h('span', { class: 'count', 'aria-label': t('unread', unread) }, String(unread)) : null,
      waiting > 0
        ? h(
            'span',
            { class: 'count waiting', 'aria-label': t('waiting', waiting), title: t('waiting', waiting) },
            icon('clock', 'small'),
          )
        : null,
    ),
  );
}

function previewOf(last) {
  if (last === null) return t('nothingYet');
  const text = last.text === '' ? t('withoutText') : last.text;
  return last.from === 'person' ? t('youSaid', text) : text;
}
