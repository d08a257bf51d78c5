import { avatar } from './chat-list.js';
import { post } from './control.js';
import { h, icon, redraw } from './dom.js';
import { chooseLanguage, exactTime, language, t } from './i18n.js';
import { choosePerson } from './people.js';

/** The head of the page: whose phones these are, whether they are online, what time it is in the world. */
export function createHeader({ store, toast, onPerson }) {
  const person = h('button', { type: 'button', class: 'person-button', 'aria-haspopup': 'dialog' });
  const online = h('button', { type: 'button', class: 'switch', role: 'switch' });
  online.append(h('span', { class: 'knob', 'aria-hidden': 'true' }), h('span', { class: 'switch-label' }, t('online')));
  const time = h('span', { class: 'world-time', title: t('worldTime') });
  const connection = h('p', { class: 'connection', role: 'status' });
  const otherLanguage = language === 'ru' ? 'en' : 'ru';
  const element = h(
    'header',
    { class: 'page-head' },
    h('h1', {}, icon('magpie', 'brand'), h('span', {}, t('title'))),
    person,
    online,
    h('span', { class: 'spring' }),
    connection,
    time,
    h(
      'button',
      {
        type: 'button',
        class: 'button language',
        lang: otherLanguage,
        'aria-label': t('otherLanguage'),
        title: t('otherLanguage'),
        onclick: () => chooseLanguage(otherLanguage),
      },
      otherLanguage.toUpperCase(),
    ),
  );
  person.addEventListener('click', () =>
    choosePerson(store.state.person?.phone, onPerson).catch((error) => toast(error.message, 'problem')),
  );
  online.addEventListener('click', () => {
    const { phone, isOnline } = store.state.person;
    post(`people/${phone}/${isOnline ? 'offline' : 'online'}`).catch((error) => toast(error.message, 'problem'));
  });

  return {
    element,
    draw(changed) {
      const { person: shown, connection: state } = store.state;
      connection.textContent = state === 'lost' ? t('connectionLost') : '';
      if (shown === null || !changed.has('person')) return;
      redraw(
        person,
        avatar(shown.name),
        h('span', { class: 'person-name' }, h('b', {}, shown.name), h('small', {}, `+${shown.phone}`)),
        h('span', { class: 'unseen' }, `, ${t('chooseOther')}`),
        icon('down', 'small'),
      );
      online.setAttribute('aria-checked', String(shown.isOnline));
    },
    tick(now) {
      const speed = store.state.world?.speed ?? 1;
      time.textContent = now === null ? '' : `${exactTime(now)}${speed > 1 ? ` ×${speed}` : ''}`;
    },
  };
}
