import { drawRows } from './buttons.js';
import { createComposer } from './composer.js';
import { act } from './control.js';
import { h, iconButton, keyedList, redraw, rovingFocus } from './dom.js';
import { dayOf, t } from './i18n.js';
import { drawMessage } from './message.js';
import { messageMenu, threadMenu } from './thread-menus.js';

const READ_AFTER_MS = 1_000;
const TYPING_SHOWN_MS = 6_000;
const SNACKBAR_SHOWN_MS = 6_000;
const NEAR_END_PX = 80;

/** One open chat: its head, its messages, the keyboard under it and the place to write. `context`: store, `say(text, kind)`, `onBack`. */
export function createThread(chatId, context) {
  const { store, toast, onBack } = context;
  const chat = () => store.state.chats.get(chatId);
  const person = () => store.state.person;
  const attempt = async (deed) => {
    try {
      await deed();
      return true;
    } catch (error) {
      toast(error.message, 'problem');
      return false;
    }
  };
  const doIt = (action, body) => attempt(() => act(person().phone, chat(), action, body));
  const onPress = (button) => press(button, { doIt, toast });

  const title = h('h3', { tabindex: '-1' });
  const subtitle = h('p', { class: 'subtitle' });
  const head = h(
    'header',
    { class: 'thread-head' },
    iconButton('back', t('backToChats'), onBack, { class: 'icon-button back' }),
    h('div', { class: 'thread-title' }, title, subtitle),
    threadMenu({ chat, person, doIt, attempt, toast }),
  );
  const list = h('ol', { class: 'messages' });
  const empty = h('p', { class: 'log-empty' }, t('emptyChat'));
  const log = h('div', { class: 'log', role: 'log', 'aria-live': 'polite', 'aria-relevant': 'additions' }, empty, list);
  const keyboard = h('div', { class: 'keyboard' });
  const snackbar = h('div', { class: 'snackbar', role: 'status' });
  const notice = h('div', { class: 'notice' });
  const composer = createComposer({ chat, person, doIt, attempt, toast });
  const element = h(
    'section',
    { class: 'thread', 'aria-label': t('chatIn', chat().network, chat().title) },
    head,
    log,
    notice,
    snackbar,
    keyboard,
    composer.element,
  );

  const messages = keyedList(list, {
    keyOf: (item) => item.key,
    draw: (item) =>
      item.day === undefined
        ? drawMessage(item.message, { onPress, onMenu: (message, at) => messageMenu({ message, at, doIt, chat }) })
        : h('li', { class: 'day' }, h('span', {}, item.day)),
  });
  const roving = rovingFocus(list, 'article.bubble', { onEscape: onBack });
  // Who reads the end stays at the end, also when a picture has come or a keyboard takes room; who reads above is left alone.
  let isAtEnd = true;
  log.addEventListener('scroll', () => {
    isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_END_PX;
  });
  const toEnd = new ResizeObserver(() => {
    if (isAtEnd) log.scrollTop = log.scrollHeight;
  });
  for (const sized of [log, list]) toEnd.observe(sized);
  let typingUntil = 0;
  let newestNumber = 0;
  let snackbarTimer = null;
  let readTimer = null;

  const drawHead = () => {
    const { title: name, kind, members, permission, groupIs } = chat();
    title.textContent = name;
    const isTyping = typingUntil > performance.now();
    const words = {
      notifications: t('notifications'),
      chat: groupIs === 'in' ? t('members', members.length) : t(`group.${groupIs}`),
      dialog: permission === 'blocked' ? t('blocked') : t('groupOn', chat().network),
    };
    subtitle.textContent = isTyping ? t('typing') : words[kind];
    subtitle.classList.toggle('typing', isTyping);
  };
  const drawNotice = () => {
    const { permission, kind, waiting, canWrite } = chat();
    const words = [
      kind === 'dialog' && permission === 'blocked' ? t('blockedHint') : null,
      waiting > 0 ? t('waiting', waiting) : null,
      canWrite ? null : t('cannotWrite'),
    ];
    notice.replaceChildren(...words.filter((word) => word !== null).map((word) => h('p', {}, word)));
  };
  let keyboardState = '';
  const drawKeyboard = () => {
    const state = JSON.stringify(chat().keyboard);
    if (state === keyboardState) return;
    keyboardState = state;
    const { keyboard: rows } = chat();
    redraw(keyboard, rows.length === 0 ? null : drawRows(rows, onPress, 'under'));
  };
  const drawMessages = () => {
    const shown = [...(store.state.messages.get(chatId)?.values() ?? [])].sort((a, b) => a.number - b.number);
    messages.show(withDays(shown));
    const newest = shown.at(-1);
    if (newest !== undefined && newest.number > newestNumber && newest.from === 'group') typingUntil = 0; // it was announced
    newestNumber = newest?.number ?? 0;
    empty.hidden = shown.length > 0 || !chat().canWrite;
    roving.settle('last');
  };
  const readSoon = () => {
    const { kind, unread } = chat();
    if (kind === 'chat' || unread === 0 || readTimer !== null || document.hidden) return;
    readTimer = setTimeout(() => {
      readTimer = null;
      if (element.isConnected && (chat()?.unread ?? 0) > 0) doIt('read');
    }, READ_AFTER_MS);
  };
  const draw = () => {
    drawMessages();
    drawHead();
    drawNotice();
    drawKeyboard();
    composer.draw();
    readSoon();
  };

  return {
    element,
    draw,
    focus: () => composer.focus(),
    /** Something passing: the group types, or answers a press. */
    sign({ kind, answer }) {
      if (kind === 'activity') {
        typingUntil = performance.now() + TYPING_SHOWN_MS;
        setTimeout(drawHead, TYPING_SHOWN_MS + 50);
        drawHead();
        return;
      }
      for (const key of element.querySelectorAll('.key.waiting')) key.classList.remove('waiting');
      if (answer.kind === 'nothing') return;
      const isLink = answer.kind === 'link' && /^https?:\/\//.test(answer.link);
      const words = isLink
        ? h('a', { href: answer.link, target: '_blank', rel: 'noopener noreferrer' }, t('openLink', answer.link))
        : (answer.text ?? answer.link);
      snackbar.replaceChildren(h('p', {}, words));
      clearTimeout(snackbarTimer);
      snackbarTimer = setTimeout(() => snackbar.replaceChildren(), SNACKBAR_SHOWN_MS);
    },
  };
}

/** Does what a button does. Gives false where nothing came of it. */
function press({ does, payload, label }, { doIt, toast }) {
  if (does === 'say' || does === 'tell') return doIt('press', { payload });
  if (does === 'contact') return doIt('share-contact');
  if (does === 'location') return doIt('share-location', payload === '' ? {} : { payload });
  toast(t('notSimulated', label), 'problem');
  return false;
}

/** A line with the day where a new one begins. */
function withDays(messages) {
  let before = null;
  return messages.flatMap((message) => {
    const day = dayOf(message.time);
    const item = { key: `m${message.number}`, message };
    if (day === before) return [item];
    before = day;
    return [{ key: `d${day}`, day }, item];
  });
}
