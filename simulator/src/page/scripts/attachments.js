import { h, icon } from './dom.js';
import { sizeOf, t } from './i18n.js';

// What this simulator keeps itself; anything else lies elsewhere in the world and is not fetched by a page for trying out.
const OWN_PATHS = ['/vk/uploads/', '/ok/uploads/', '/ok/upload', '/vk/avatars/', '/control/files/'];

/** The path of something kept here, however the client called the simulator; null for what lies elsewhere. */
export function ownPath(url) {
  if (url === null || !URL.canParse(url)) return null;
  const { pathname, search } = new URL(url);
  return OWN_PATHS.some((start) => pathname.startsWith(start)) ? pathname + search : null;
}

const card = (drawing, title, more, href = null) => {
  const inside = [
    h('span', { class: 'attachment-icon' }, icon(drawing)),
    h('span', { class: 'attachment-text' }, h('b', {}, title), h('small', {}, more)),
  ];
  return href === null
    ? h('div', { class: 'attachment' }, inside)
    : h('a', { class: 'attachment', href, target: '_blank', rel: 'noopener noreferrer' }, inside);
};

const details = (...parts) => parts.filter((part) => part !== null && part !== '').join(' · ');
const secondsOf = (seconds) =>
  seconds === null ? null : `${Math.floor(seconds / 60)}:${String(Math.round(seconds % 60)).padStart(2, '0')}`;
const webAddress = (url) => (url !== null && /^https?:\/\//.test(url) ? url : null);

const DRAWINGS = {
  photo({ url, title, width, height }) {
    const path = ownPath(url);
    if (path === null) return card('photo', t('photo'), webAddress(url) ?? title, webAddress(url));
    const size = width > 0 && height > 0 ? { width, height } : {};
    const image = h('img', { src: path, alt: t('photo'), loading: 'lazy', ...size });
    return h('a', { class: 'picture', href: path, target: '_blank', rel: 'noopener' }, image);
  },
  voice({ url, seconds }) {
    const path = ownPath(url);
    return h(
      'div',
      { class: 'attachment voice' },
      h('span', { class: 'attachment-icon' }, icon('voice')),
      path === null
        ? h('span', { class: 'wave' })
        : h('audio', { src: path, controls: true, preload: 'none', 'aria-label': t('voice') }),
      h('small', {}, details(t('voice'), secondsOf(seconds))),
    );
  },
  file: ({ title, url, bytes, type }) =>
    card('file', title, details(type, bytes === null ? null : sizeOf(bytes)), ownPath(url) ?? webAddress(url)),
  video: ({ title, seconds, url }) => card('video', t('video'), details(title, secondsOf(seconds)), webAddress(url)),
  link: ({ title, url }) => card('link', title, webAddress(url) ?? '', webAddress(url)),
  sticker: ({ title }) => card('sticker', t('sticker'), title),
  contact: ({ title, phone }) => card('contact', title, phone === null ? '' : `+${phone}`),
  location: ({ title, latitude, longitude }) =>
    h(
      'div',
      { class: 'attachment place' },
      h('span', { class: 'map' }, icon('place')),
      h('span', { class: 'attachment-text' }, h('b', {}, title || t('place')), h('small', {}, `${latitude}, ${longitude}`)),
    ),
  other: ({ type, title }) => card('file', type, title === type ? t('unknownAttachment') : title),
};

/** Something that hangs on a message. */
export const drawAttachment = (attachment) => DRAWINGS[attachment.kind](attachment);
