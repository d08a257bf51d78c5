import { get, post } from './control.js';
import { openDialog } from './dialogs.js';
import { h } from './dom.js';
import { t } from './i18n.js';

/** Asks for a title and who else is in, and makes a chat of several people with the demo's group. */
export async function askForChat({ network, person, toast }) {
  const people = (await get('people')).filter((other) => other[network] !== null && other.phone !== person.phone);
  const title = h('input', { name: 'title', required: true, autocomplete: 'off', maxlength: 100, value: t('newChatTitle') });
  const boxes = people.map(({ phone, name }) => {
    const box = h('input', { type: 'checkbox', value: phone });
    return { box, label: h('label', { class: 'choice' }, box, h('span', {}, name)) };
  });
  const problem = h('p', { class: 'problem', role: 'alert' });
  const form = h(
    'form',
    { class: 'form' },
    h('label', { class: 'field' }, h('span', {}, t('chatTitle')), title),
    h(
      'fieldset',
      { class: 'field' },
      h('legend', {}, t('whoIsIn')),
      boxes.map(({ label }) => label),
    ),
    problem,
    h('div', { class: 'form-end' }, h('button', { type: 'submit', class: 'button primary' }, t('create'))),
  );
  const dialog = openDialog(t('newChat'), form);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    try {
      const chosen = boxes.filter(({ box }) => box.checked).map(({ box }) => box.value);
      await post('chats', { network, title: title.value.trim(), owner: person.phone, people: chosen });
      dialog.close();
      toast(t('chatMade'));
    } catch (error) {
      problem.textContent = error.message;
    }
  });
  title.focus();
  title.select();
}
