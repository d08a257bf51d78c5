import { h, icon, iconButton } from './dom.js';

/**
 * A button with a menu under it: arrows move, Escape and a click outside close, the choice gives the focus back to the button.
 * `items()` is asked at every opening: `{label, icon?, danger?, onclick}`, or null for none.
 */
export function menuButton({ name, label, items, up = false }) {
  const list = h('div', { class: up ? 'menu up' : 'menu', role: 'menu', 'aria-label': label, hidden: true });
  const button = iconButton(name, label, () => (list.hidden ? open() : close()), {
    'aria-haspopup': 'menu',
    'aria-expanded': 'false',
  });
  const wrap = h('div', { class: 'menu-wrap' }, button, list);
  const onOutside = (event) => {
    if (!wrap.contains(event.target)) close({ keepFocus: false });
  };

  function open() {
    const choices = items().filter((item) => item !== null);
    list.replaceChildren(...choices.map((choice) => itemOf(choice, close)));
    list.hidden = false;
    button.setAttribute('aria-expanded', 'true');
    document.addEventListener('pointerdown', onOutside);
    list.firstElementChild?.focus();
  }
  function close({ keepFocus = true } = {}) {
    if (list.hidden) return;
    list.hidden = true;
    button.setAttribute('aria-expanded', 'false');
    document.removeEventListener('pointerdown', onOutside);
    if (keepFocus) button.focus();
  }
  list.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' || event.key === 'Tab') {
      if (event.key === 'Escape') event.preventDefault();
      event.stopPropagation();
      close({ keepFocus: event.key === 'Escape' });
    } else moveIn(list, event);
  });
  return wrap;
}

function itemOf({ label, icon: drawing, danger, onclick }, close) {
  const onChoose = () => {
    close();
    onclick();
  };
  const className = danger === true ? 'menu-item danger' : 'menu-item';
  return h(
    'button',
    { type: 'button', role: 'menuitem', tabindex: '-1', class: className, onclick: onChoose },
    drawing ? icon(drawing) : null,
    label,
  );
}

function moveIn(list, event) {
  const all = [...list.children];
  const at = all.indexOf(document.activeElement);
  const to = { ArrowDown: (at + 1) % all.length, ArrowUp: (at - 1 + all.length) % all.length, Home: 0, End: all.length - 1 }[
    event.key
  ];
  if (to === undefined) return;
  event.preventDefault();
  all[to].focus();
}
