import { act, writeAsAdmin } from './control.js';
import { h, icon } from './dom.js';
import { t } from './i18n.js';
import { attachMenu } from './thread-menus.js';

const TYPING_AGAIN_AFTER_MS = 5_000;
const ROWS_MAX_PX = 120;

/** The place to write: as the person, or in the group's name as somebody of its staff. */
export function createComposer({ chat, person, doIt, attempt, toast }) {
  let isAdmin = false;
  let typedAt = Number.NEGATIVE_INFINITY;

  const input = h('textarea', { rows: 1, class: 'input', 'aria-label': t('messageText') });
  const sendButton = h(
    'button',
    { type: 'submit', class: 'icon-button send', 'aria-label': t('send'), title: t('send') },
    icon('send'),
  );
  const asAdmin = h('button', {
    type: 'button',
    class: 'as-admin',
    role: 'switch',
    'aria-checked': 'false',
    onclick: () => {
      isAdmin = !isAdmin;
      draw();
      input.focus();
    },
  });
  asAdmin.append(h('span', { class: 'knob', 'aria-hidden': 'true' }), h('span', {}, t('asAdmin')));
  const attach = attachMenu({ chat, doIt, toast });
  const element = h(
    'form',
    { class: 'composer', onsubmit: onSend },
    asAdmin,
    h('div', { class: 'composer-row' }, attach, input, sendButton),
  );

  async function onSend(event) {
    event?.preventDefault();
    const text = input.value.trim();
    if (text === '' || !chat().canWrite) return;
    input.value = '';
    fit();
    const isSent = await attempt(() => send(text));
    if (!isSent && input.value === '') {
      input.value = text; // what could not be sent is not lost
      fit();
    }
  }
  function send(text) {
    if (isAdmin) return writeAsAdmin(person().phone, chat(), text);
    const { kind } = chat();
    return act(person().phone, chat(), 'say', { text, ...(kind === 'chat' ? {} : { under: kind }) });
  }
  function fit() {
    input.style.height = 'auto';
    input.style.height = `${Math.min(input.scrollHeight, ROWS_MAX_PX)}px`;
  }
  input.addEventListener('input', () => {
    fit();
    const isDialog = chat().kind === 'dialog' && chat().permission === 'allowed';
    if (isAdmin || !isDialog || performance.now() - typedAt < TYPING_AGAIN_AFTER_MS) return;
    typedAt = performance.now();
    act(person().phone, chat(), 'typing').catch(() => {}); // a sign that passes: nothing is lost with it
  });
  input.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    onSend();
  });

  function draw() {
    const { canWrite, kind, groupIs } = chat();
    const mayBeAdmin = kind !== 'notifications' && groupIs === 'in';
    isAdmin = isAdmin && mayBeAdmin;
    element.hidden = !canWrite;
    asAdmin.hidden = !mayBeAdmin;
    asAdmin.setAttribute('aria-checked', String(isAdmin));
    element.classList.toggle('admin', isAdmin);
    attach.hidden = isAdmin || kind === 'notifications';
    input.placeholder = isAdmin ? t('writeAsGroup') : t('writeMessage');
  }
  return { element, draw, focus: () => input.focus() };
}
