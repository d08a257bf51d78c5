import { get, post } from './control.js';
import { askWhetherSure, openDialog } from './dialogs.js';
import { h } from './dom.js';
import { fullTime, t } from './i18n.js';

const SPEEDS = [1, 60, 3_600];
const HOUR_MS = 3_600_000;
const STEPS = [
  { name: 'minute', ms: 60_000 },
  { name: 'hour', ms: HOUR_MS },
  { name: 'day', ms: 24 * HOUR_MS },
];

/** The world's time, and which limits were broken. */
export function createWorldPanel({ store, toast }) {
  const attempt = (deed) => deed().catch((error) => toast(error.message, 'problem'));
  const now = h('p', { class: 'big-time' });
  const speeds = SPEEDS.map((speed) =>
    h(
      'button',
      { type: 'button', class: 'button', 'aria-pressed': 'false', onclick: () => attempt(() => post('clock', { speed })) },
      `×${speed}`,
    ),
  );
  const steps = STEPS.map(({ name, ms }) =>
    h(
      'button',
      { type: 'button', class: 'button', onclick: () => attempt(() => post('clock', { advanceMs: ms })) },
      t(`step.${name}`),
    ),
  );
  const violations = h('b', { class: 'number' });
  const showViolations = h('button', { type: 'button', class: 'button', onclick: () => attempt(openViolations) }, t('show'));
  const limits = h('dl', { class: 'facts' });
  const reset = h('button', { type: 'button', class: 'button danger', onclick: onReset }, t('reset'));
  function onReset() {
    const onYes = () => attempt(() => post('reset').then(() => toast(t('resetDone'))));
    askWhetherSure({ title: t('reset'), words: t('resetSure'), action: t('reset'), onYes });
  }
  const element = h(
    'div',
    { class: 'scroll pad' },
    h(
      'section',
      { class: 'block' },
      h('h3', {}, t('worldTime')),
      now,
      h('div', { class: 'group', role: 'group', 'aria-label': t('speed') }, speeds),
      h('div', { class: 'group', role: 'group', 'aria-label': t('advance') }, steps),
      h('p', { class: 'hint' }, t('timeHint')),
    ),
    h(
      'section',
      { class: 'block' },
      h('h3', {}, t('violations')),
      h('p', { class: 'count-line' }, violations, h('span', {}, t('violationsHint')), showViolations),
    ),
    h('section', { class: 'block' }, h('h3', {}, t('limits')), limits),
    h('section', { class: 'block' }, h('div', { class: 'group' }, reset)),
  );
  return {
    element,
    draw(changed) {
      const { world } = store.state;
      if (!changed.has('world') || world === null) return;
      for (const [n, speed] of SPEEDS.entries()) speeds[n].setAttribute('aria-pressed', String(speed === world.speed));
      violations.textContent = String(world.violations);
      violations.classList.toggle('problem', world.violations > 0);
      showViolations.hidden = world.violations === 0;
      limits.replaceChildren(
        ...Object.entries(world.limits).flatMap(([name, value]) => [
          h('dt', {}, t(`limit.${name}`)),
          h('dd', {}, value === null ? t('none') : String(value)),
        ]),
      );
    },
    tick(time) {
      now.textContent = time === null ? '' : fullTime(time);
    },
  };
}

async function openViolations() {
  const violations = await get('violations');
  const rows = violations
    .slice(-100)
    .reverse()
    .map(({ kind, network, group, phone, time, count }) =>
      h(
        'li',
        {},
        h('b', {}, t(`violation.${kind}`)),
        h(
          'small',
          {},
          [t(`network.${network}`), group, phone, fullTime(time), t('times', count)].filter((part) => part !== null).join(' · '),
        ),
      ),
    );
  openDialog(t('violations'), h('ul', { class: 'violations' }, rows));
}
