import { get } from './control.js';
import { h } from './dom.js';
import { createHeader } from './header.js';
import { t } from './i18n.js';
import { createPanel } from './panel.js';
import { createPhone } from './phone.js';
import { createStore } from './store.js';
import { follow } from './stream.js';
import { createToasts } from './toast.js';

const ANNA = '79999999999';
const TICK_MS = 250;
const SIDES = ['vk', 'ok', 'panel'];

/** Whose phones, and what is open on them, stands in the address: `#79999999999/vk:dialog:213243638/`. */
const place = readPlace();
const store = createStore();
const toast = createToasts();
const phones = {
  vk: createPhone('vk', { store, toast, onPlace: (chat) => remember({ vk: chat }) }),
  ok: createPhone('ok', { store, toast, onPlace: (chat) => remember({ ok: chat }) }),
};
const panel = createPanel({ store, toast });
const header = createHeader({ store, toast, onPerson: open });
const sides = createSides();
let unfollow = () => {};

document.title = t('pageTitle');
document.body.prepend(
  header.element,
  h('main', { class: 'stage', 'data-side': 'vk' }, phones.vk.element, phones.ok.element, panel.element),
  sides.element,
);
sides.choose('vk');
store.subscribe(draw);
setInterval(tick, TICK_MS);
open(place.phone);

async function open(wanted) {
  unfollow();
  const isThere = await get(`people/${wanted}`).then(
    () => true,
    () => false,
  );
  if (!isThere) toast(t('nobodyHas', wanted), 'problem');
  const phone = isThere ? wanted : ANNA;
  remember({ phone });
  unfollow = follow(phone, store, (sign) => {
    for (const one of Object.values(phones)) one.sign(sign);
  });
}

function draw(changed) {
  header.draw(changed);
  panel.draw(changed);
  if (!['person', 'chats', 'messages'].some((part) => changed.has(part))) return;
  for (const [network, phone] of Object.entries(phones)) phone.draw(place[network]);
  sides.draw();
  tick();
}

function tick() {
  const now = store.now();
  for (const part of [header, panel, phones.vk, phones.ok]) part.tick(now);
}

/** On a narrow screen one of the three is seen at a time. */
function createSides() {
  const buttons = SIDES.map((side) =>
    h(
      'button',
      { type: 'button', 'aria-pressed': 'false', onclick: () => choose(side) },
      h('span', {}, t(`side.${side}`)),
      h('span', { class: 'count', hidden: true }),
    ),
  );
  const choose = (side) => {
    document.querySelector('.stage').dataset.side = side;
    for (const [n, button] of buttons.entries()) button.setAttribute('aria-pressed', String(SIDES[n] === side));
  };
  return {
    element: h('nav', { class: 'sides', 'aria-label': t('sides') }, buttons),
    choose,
    draw() {
      for (const [n, side] of ['vk', 'ok'].entries()) {
        const unread = phones[side].unread();
        const count = buttons[n].querySelector('.count');
        count.hidden = unread === 0;
        count.textContent = String(unread);
        count.setAttribute('aria-label', t('unread', unread));
      }
    },
  };
}

function readPlace() {
  const [phone, vk, ok] = decodeURIComponent(location.hash.slice(1)).split('/');
  return { phone: /^\d{5,15}$/.test(phone) ? phone : ANNA, vk: vk || null, ok: ok || null };
}

function remember(changes) {
  Object.assign(place, changes);
  history.replaceState(null, '', `#${place.phone}/${place.vk ?? ''}/${place.ok ?? ''}`);
}
