import { h } from './dom.js';

const SHOWN_MS = 6_000;

/** Short words at the foot of the page; a screen reader speaks them. */
export function createToasts() {
  const place = h('div', { class: 'toasts', role: 'status', 'aria-live': 'polite' });
  document.body.append(place);
  return (text, kind = 'plain') => {
    const toast = h('p', { class: `toast ${kind}` }, text);
    place.append(toast);
    setTimeout(() => toast.remove(), SHOWN_MS);
  };
}
