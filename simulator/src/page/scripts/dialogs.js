import { h, iconButton } from './dom.js';
import { t } from './i18n.js';

/** A window over the page; Escape and the cross close it, the focus goes back to where it was. */
export function openDialog(title, content, { wide = false, footer = null } = {}) {
  const name = `dialog-${crypto.randomUUID()}`;
  const dialog = h('dialog', { class: wide ? 'dialog wide' : 'dialog', 'aria-labelledby': name });
  dialog.append(
    h(
      'header',
      { class: 'dialog-head' },
      h('h2', { id: name }, title),
      iconButton('close', t('close'), () => dialog.close()),
    ),
    h('div', { class: 'dialog-body' }, content),
  );
  if (footer !== null) dialog.append(footer);
  dialog.addEventListener('keydown', (event) => event.stopPropagation());
  dialog.addEventListener('close', () => dialog.remove());
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close(); // the backdrop
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/**
 * Asks for a few values. `fields`: `{name, label, value?, type?, required?, rows?, hint?}`. `onAnswer(values)` may reject: then
 * its sentence stands in the window and nothing typed is lost.
 */
export function askFor({ title, fields, action, onAnswer }) {
  const problem = h('p', { class: 'problem', role: 'alert' });
  const inputs = fields.map((field) => inputOf(field));
  const form = h(
    'form',
    {
      class: 'form',
      onsubmit: async (event) => {
        event.preventDefault();
        try {
          await onAnswer(Object.fromEntries(fields.map(({ name }, n) => [name, inputs[n].value.trim()])));
          dialog.close();
        } catch (error) {
          problem.textContent = error.message;
        }
      },
    },
    fields.map(({ label, hint }, n) =>
      h('label', { class: 'field' }, h('span', {}, label), inputs[n], hint === undefined ? null : h('small', {}, hint)),
    ),
    problem,
    h('div', { class: 'form-end' }, h('button', { type: 'submit', class: 'button primary' }, action)),
  );
  const dialog = openDialog(title, form);
  inputs[0]?.focus();
  return dialog;
}

/** Asks whether something that cannot be taken back should be done. */
export function askWhetherSure({ title, words, action, onYes }) {
  const yes = h('button', { type: 'button', class: 'button primary' }, action);
  const dialog = openDialog(title, h('div', { class: 'form' }, h('p', {}, words), h('div', { class: 'form-end' }, yes)));
  yes.addEventListener('click', () => {
    dialog.close();
    onYes();
  });
  yes.focus();
}

function inputOf({ name, value = '', type = 'text', required = true, rows, hint: _hint, label: _label, ...more }) {
  const attributes = { name, required, autocomplete: 'off', ...more };
  const input = rows === undefined ? h('input', { type, ...attributes }) : h('textarea', { rows, ...attributes });
  input.value = value;
  return input;
}
