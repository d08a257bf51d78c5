import { post } from './control.js';
import { h } from './dom.js';
import { t } from './i18n.js';

const PARTIES = ['vk', 'ok', 'notify'];
/** What a switch turns on: the field of a fault, and the rate that it then has. */
const SWITCHES = [
  { field: 'timeoutAfter', rate: 0.2 },
  { field: 'timeoutBefore', rate: 0.2 },
  { field: 'error5xx', rate: 0.2 },
  { field: 'duplicateEvents', rate: 0.5 },
  { field: 'dropEvents', rate: 0.5 },
];
const DELAY_MS = [1_000, 3_000];

/** Switches for what networks do wrong, each network by itself. */
export function createFaults({ store, toast }) {
  const set = async (network, change) => {
    try {
      await post('faults', { network, ...change });
    } catch (error) {
      toast(error.message, 'problem');
    }
  };
  const groups = PARTIES.map((party) => createParty(party, (change) => set(party, change)));
  const element = h(
    'div',
    { class: 'scroll pad' },
    h('p', { class: 'hint' }, t('faultsHint')),
    groups.map((group) => group.element),
  );
  return {
    element,
    draw(changed) {
      if (!changed.has('world') || store.state.world === null) return;
      for (const [n, group] of groups.entries()) group.draw(store.state.world.faults[PARTIES[n]]);
    },
  };
}

function createParty(party, set) {
  const rates = SWITCHES.map(({ field, rate }) => {
    const range = h('input', { type: 'range', min: 0, max: 100, step: 5, 'aria-label': t('rateOf', t(`fault.${field}`)) });
    const output = h('output', {});
    const toggle = createSwitch(t(`fault.${field}`), (isOn) => set({ [field]: isOn ? rate : 0 }));
    range.addEventListener('input', () => {
      output.textContent = `${range.value} %`;
    });
    range.addEventListener('change', () => set({ [field]: Number(range.value) / 100 }));
    return {
      element: h('div', { class: 'fault' }, toggle.element, range, output),
      draw(faults) {
        toggle.set(faults[field] > 0);
        range.value = String(Math.round(faults[field] * 100));
        output.textContent = `${range.value} %`;
      },
    };
  });
  const delay = createSwitch(t('fault.delay'), (isOn) => set({ delayMs: isOn ? DELAY_MS : [0, 0] }));
  const errors = h('input', { type: 'text', placeholder: t(`errorsExample.${party}`), autocomplete: 'off', inputmode: 'text' });
  errors.addEventListener('change', () => set({ errors: readErrors(errors.value) }));
  return {
    element: h(
      'fieldset',
      { class: 'party' },
      h('legend', {}, h('span', { class: `net ${party}` }, t(`network.${party}`))),
      rates.map((rate) => rate.element),
      h('div', { class: 'fault' }, delay.element),
      h('label', { class: 'field' }, h('span', {}, t('fault.errors')), errors),
    ),
    draw(faults) {
      for (const rate of rates) rate.draw(faults);
      delay.set(faults.delayMs[1] > 0);
      if (document.activeElement !== errors) errors.value = writeErrors(faults.errors);
    },
  };
}

/** A switch with its words; `onChange(isOn)`. */
export function createSwitch(label, onChange) {
  const element = h('button', { type: 'button', class: 'switch', role: 'switch', 'aria-checked': 'false' });
  element.append(h('span', { class: 'knob', 'aria-hidden': 'true' }), h('span', { class: 'switch-label' }, label));
  element.addEventListener('click', () => onChange(element.getAttribute('aria-checked') !== 'true'));
  return { element, set: (isOn) => element.setAttribute('aria-checked', String(isOn)) };
}

/** `901 10%, 6 5%` as rates by code; a code alone always happens. */
function readErrors(text) {
  const given = [...text.matchAll(/([\w.]+(?: \d+)?|\d+)(?:\s*[:=]?\s*(\d{1,3})\s*%)?(?:,|;|$)/g)];
  return Object.fromEntries(
    given.map(([, code, percent]) => [code, percent === undefined ? 1 : Math.min(Number(percent), 100) / 100]),
  );
}

const writeErrors = (errors) =>
  Object.entries(errors)
    .map(([code, rate]) => `${code} ${Math.round(rate * 100)}%`)
    .join(', ');
