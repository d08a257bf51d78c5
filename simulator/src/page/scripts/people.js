import { avatar } from './chat-list.js';
import { get } from './control.js';
import { openDialog } from './dialogs.js';
import { h, keyedList, rovingFocus } from './dom.js';
import { t } from './i18n.js';

/** Asks who the phones belong to. `onChoose(phone)`. Any phone of the world can be typed, also one that is not listed. */
export async function choosePerson(current, onChoose) {
  const people = await get('people');
  const search = h('input', {
    type: 'search',
    placeholder: t('searchPeople'),
    'aria-label': t('searchPeople'),
    autocomplete: 'off',
  });
  const list = h('ul', { class: 'people' });
  const nobody = h('p', { class: 'hint', role: 'status' });
  const dialog = openDialog(t('choosePerson'), h('div', { class: 'picker' }, search, list, nobody));
  const choose = (phone) => {
    dialog.close();
    onChoose(phone);
  };
  const rows = keyedList(list, {
    keyOf: ({ phone }) => phone,
    draw: (person) => h('li', {}, drawPerson(person, person.phone === current, choose)),
  });
  const roving = rovingFocus(list, 'button');

  const find = async () => {
    const wanted = search.value.trim().toLowerCase();
    const digits = wanted.replace(/\D/g, '');
    const found = people.filter(
      ({ name, phone }) => name.toLowerCase().includes(wanted) || (digits !== '' && phone.includes(digits)),
    );
    const other = found.length === 0 && /^\d{11}$/.test(digits) ? await get(`people/${digits}`).catch(() => null) : null;
    const shown = other === null ? found : [other];
    rows.show(shown);
    roving.settle();
    nobody.textContent = shown.length === 0 ? t('nobodyFound') : t('anyPhone');
    return shown;
  };
  search.addEventListener('input', find);
  search.addEventListener('keydown', async (event) => {
    if (event.key === 'ArrowDown') list.querySelector('button')?.focus();
    if (event.key !== 'Enter') return;
    const [first] = await find();
    if (first !== undefined) choose(first.phone);
  });
  await find();
  search.focus();
}

function drawPerson({ phone, name, vk, ok, isOnline, behaviour }, isCurrent, choose) {
  const facts = [
    vk === null ? t('notOn', 'vk') : vk.demoGroup === 'blocked' ? t('blockedOn', 'vk') : null,
    ok === null ? t('notOn', 'ok') : ok.demoGroup === 'blocked' ? t('blockedOn', 'ok') : null,
    isOnline ? null : t('offline'),
    isOnline && behaviour.readsAfterMs === null ? t('neverReads') : null,
    behaviour.mobileApp ? null : t('noMobileApp'),
    behaviour.phoneVerified ? null : t('phoneNotVerified'),
  ].filter((fact) => fact !== null);
  return h(
    'button',
    {
      type: 'button',
      class: 'person-row',
      tabindex: '-1',
      'aria-current': isCurrent ? 'true' : null,
      onclick: () => choose(phone),
    },
    avatar(name),
    h(
      'span',
      { class: 'chat-row-text' },
      h('b', {}, name),
      h('span', { class: 'preview' }, `+${phone}${facts.map((fact) => ` · ${fact}`).join('')}`),
    ),
  );
}
