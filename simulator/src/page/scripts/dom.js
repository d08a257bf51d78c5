// The few things that a page needs to build itself: elements, lists that keep what did not change, and focus that moves by arrows.

/** An element. `on…` are listeners, `class` and the rest attributes; what is null, undefined or false is left out. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** One of the drawings in icons.svg; it says nothing to who cannot see it. */
export function icon(name, className = '') {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('class', `icon ${className}`);
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
  use.setAttribute('href', `/page/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

/** A button with a drawing alone; `label` is its name. */
export function iconButton(name, label, onclick, more = {}) {
  return h('button', { type: 'button', class: 'icon-button', 'aria-label': label, title: label, onclick, ...more }, icon(name));
}

const focusables = 'button, a[href], input, textarea, select, [tabindex]';

/** Draws `draw()` anew into `container` and gives the focus back to what stands at its place. */
export function redraw(container, ...children) {
  const had = [...container.querySelectorAll(focusables)].indexOf(document.activeElement);
  container.replaceChildren(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  if (had !== -1) [...container.querySelectorAll(focusables)][had]?.focus();
}

/**
 * A list that draws only what is new or changed, so that focus stays where it is and a screen reader speaks new items alone.
 * `show(items)` takes them in order; `keyOf` names an item, `draw` makes its element.
 */
export function keyedList(container, { keyOf, draw }) {
  let shown = new Map();
  return {
    show(items) {
      const before = shown;
      shown = new Map();
      let last = null;
      for (const item of items) {
        const key = keyOf(item);
        const state = JSON.stringify(item);
        const known = before.get(key);
        before.delete(key);
        const element = known?.state === state ? known.element : draw(item);
        if (known !== undefined && known.element !== element) replaceKeepingFocus(known.element, element);
        const next = last === null ? container.firstChild : last.nextSibling;
        if (element !== next) container.insertBefore(element, next);
        shown.set(key, { state, element });
        last = element;
      }
      for (const { element } of before.values()) element.remove();
    },
    elementOf: (key) => shown.get(key)?.element ?? null,
  };
}

function replaceKeepingFocus(old, element) {
  const inside = old.contains(document.activeElement);
  const place = [old, ...old.querySelectorAll(focusables)].indexOf(document.activeElement);
  const tabIndex = old.getAttribute('tabindex');
  if (tabIndex !== null) element.setAttribute('tabindex', tabIndex);
  old.replaceWith(element);
  if (inside) ([element, ...element.querySelectorAll(focusables)][place] ?? element).focus();
}

/** One stop for Tab, arrows within: of the elements that `selector` finds in `container` one alone can be tabbed to. */
export function rovingFocus(container, selector, { onEscape, horizontal = false } = {}) {
  const items = () => [...container.querySelectorAll(selector)];
  const choose = (chosen) => {
    for (const item of items()) item.setAttribute('tabindex', item === chosen ? '0' : '-1');
  };
  const [back, forth] = horizontal ? ['ArrowLeft', 'ArrowRight'] : ['ArrowUp', 'ArrowDown'];
  container.addEventListener('focusin', (event) => {
    const item = event.target.closest(selector);
    if (item !== null && container.contains(item)) choose(item);
  });
  container.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && onEscape !== undefined) {
      event.stopPropagation();
      onEscape();
      return;
    }
    if (!event.target.matches(selector)) return;
    const all = items();
    const at = all.indexOf(event.target);
    const to = { [back]: at - 1, [forth]: at + 1, Home: 0, End: all.length - 1 }[event.key];
    if (to === undefined || all[to] === undefined) return;
    event.preventDefault();
    choose(all[to]);
    all[to].focus();
  });
  return {
    /** After the list was drawn: somebody must be there for Tab. */
    settle(usual = 'first') {
      const all = items();
      if (all.some((item) => item.getAttribute('tabindex') === '0') || all.length === 0) return;
      choose(usual === 'last' ? all.at(-1) : all[0]);
    },
  };
}
