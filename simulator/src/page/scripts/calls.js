import { get } from './control.js';
import { openDialog } from './dialogs.js';
import { h, icon, keyedList, rovingFocus } from './dom.js';
import { exactTime, fullTime, t } from './i18n.js';
import { prettyJson } from './pretty-json.js';

const SHOWN_MAX = 200;
const NETWORKS = ['', 'vk', 'ok', 'notify'];

const isProblem = ({ status, code }) => code !== null || status >= 400 || status === 0;

/** The live list of calls: newest first, filtered; a click shows all of one. */
export function createCalls({ store, toast }) {
  const network = h(
    'select',
    { 'aria-label': t('network') },
    NETWORKS.map((name) => h('option', { value: name }, name === '' ? t('allNetworks') : t(`network.${name}`))),
  );
  const method = h('input', {
    type: 'search',
    placeholder: t('methodFilter'),
    'aria-label': t('methodFilter'),
    autocomplete: 'off',
  });
  const errorsOnly = h('input', { type: 'checkbox', id: 'errors-only' });
  const list = h('ol', { class: 'calls', 'aria-label': t('tab.calls') });
  const empty = h('div', { class: 'empty' }, icon('calls', 'large'), h('p', {}));
  const element = h(
    'div',
    { class: 'calls-panel' },
    h(
      'div',
      { class: 'filters' },
      network,
      method,
      h('label', { class: 'choice', for: 'errors-only' }, errorsOnly, h('span', {}, t('errorsOnly'))),
    ),
    h('div', { class: 'scroll' }, list, empty),
  );
  const rows = keyedList(list, { keyOf: ({ id }) => id, draw: (call) => h('li', {}, drawCall(call, onOpen)) });
  const roving = rovingFocus(list, 'button');

  async function onOpen(id) {
    try {
      showCall(await get(`calls/${id}`));
    } catch (error) {
      toast(error.message, 'problem');
    }
  }
  function draw() {
    const wanted = method.value.trim().toLowerCase();
    const fits = (call) =>
      (network.value === '' || call.network === network.value) &&
      call.method.toLowerCase().includes(wanted) &&
      (!errorsOnly.checked || isProblem(call));
    const all = [...store.state.calls.values()].reverse();
    const shown = all.filter(fits).slice(0, SHOWN_MAX);
    rows.show(shown);
    roving.settle();
    empty.hidden = shown.length > 0;
    empty.querySelector('p').textContent = all.length === 0 ? t('noCalls') : t('noCallsFit');
  }
  for (const control of [network, method, errorsOnly]) control.addEventListener('input', draw);
  return {
    element,
    draw(changed) {
      if (changed.has('calls')) draw();
    },
  };
}

function drawCall(call, onOpen) {
  const { id, time, network, method, status, code, durationMs } = call;
  const state = status === 0 ? t('unanswered') : code === null ? String(status) : code;
  return h(
    'button',
    {
      type: 'button',
      class: `call${isProblem(call) ? ' problem' : ''}`,
      tabindex: '-1',
      onclick: () => onOpen(id),
      'data-code': code,
    },
    h('span', { class: `net ${network}` }, t(`short.${network}`)),
    h('span', { class: 'method' }, method),
    h('span', { class: 'state' }, isProblem(call) ? icon('warning', 'small') : null, state),
    h('span', { class: 'call-time' }, `${exactTime(time)} · ${durationMs} ms`),
  );
}

function showCall(call) {
  const { method, network, time, status, code, durationMs, group, request, answer, note } = call;
  const facts = [
    [t('network'), t(`network.${network}`)],
    [t('time'), fullTime(time)],
    [t('httpStatus'), status === 0 ? t('unanswered') : String(status)],
    [t('networkCode'), code ?? t('none')],
    [t('duration'), `${durationMs} ms`],
    [t('group'), group ?? t('none')],
    ...(note === undefined ? [] : [[t('note'), note]]),
  ].flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]);
  openDialog(
    method,
    h(
      'div',
      { class: 'call-details' },
      h('dl', { class: 'facts' }, facts),
      h('h3', {}, t('request')),
      h('pre', { tabindex: '0', role: 'region', 'aria-label': t('request') }, JSON.stringify(request, null, 2)),
      h('h3', {}, t('answer')),
      h(
        'pre',
        { tabindex: '0', role: 'region', 'aria-label': t('answer') },
        answer === null ? t('noAnswer') : prettyJson(answer),
      ),
    ),
    { wide: true },
  );
}
