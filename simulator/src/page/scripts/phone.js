import { createChatList } from './chat-list.js';
import { h, icon } from './dom.js';
import { clockTime, t } from './i18n.js';
import { askForChat } from './new-chat.js';
import { createThread } from './thread.js';

const ACCOUNTS = { vk: 'vkId', ok: 'okId' };

/** One phone: the chats of a network, or one of them opened. `onPlace` hears which chat is open, null for the list. */
export function createPhone(network, { store, toast, onPlace }) {
  const time = h('span', { class: 'status-time' });
  const presence = h('span', { class: 'status-presence' });
  const screen = h('div', { class: 'screen' });
  const element = h(
    'section',
    { class: `phone ${network}`, id: `phone-${network}`, 'aria-label': t(`phone.${network}`) },
    h('div', { class: 'status-bar' }, time, h('h2', { class: 'status-name' }, t(`network.${network}`)), presence),
    screen,
  );
  const list = createChatList({
    network,
    onOpen: (id) => open(id),
    onNewChat: () => askForChat({ network, person: store.state.person, toast }),
  });
  let thread = null;
  let openId = null;

  function open(id, { focus = true } = {}) {
    openId = id;
    thread = createThread(id, { store, toast, onBack: () => close() });
    screen.replaceChildren(thread.element);
    thread.draw();
    if (focus) thread.focus();
    onPlace(id);
  }
  function close({ focus = true } = {}) {
    const left = openId;
    openId = null;
    thread = null;
    screen.replaceChildren(list.element);
    drawList();
    if (focus) list.focus(left);
    onPlace(null);
  }
  function drawList() {
    const { chats, person } = store.state;
    list.draw({ chats, hasAccount: person !== null && person[ACCOUNTS[network]] !== null, person: person?.name ?? '' });
  }
  element.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && thread !== null) close();
  });
  screen.replaceChildren(list.element);

  return {
    element,
    /** Draws what changed; opens what was open before the page was loaded again. */
    draw(wanted) {
      const { chats, person } = store.state;
      if (thread !== null && !chats.has(openId)) close({ focus: false });
      if (thread === null && wanted !== null && chats.has(wanted)) open(wanted, { focus: false });
      else if (thread === null) drawList();
      else thread.draw();
      const isOnline = person?.isOnline === true;
      presence.replaceChildren(icon(isOnline ? 'signal' : 'no-signal', 'small'), isOnline ? '' : t('offline'));
      element.classList.toggle('offline', !isOnline);
    },
    tick(now) {
      time.textContent = now === null ? '' : clockTime(now);
    },
    sign(sign) {
      if (sign.chat === openId) thread.sign(sign);
    },
    /** Of the chats on this phone. */
    unread: () => [...store.state.chats.values()].reduce((sum, chat) => sum + (chat.network === network ? chat.unread : 0), 0),
    focus: () => (thread === null ? list.focus(null) : thread.focus()),
  };
}
