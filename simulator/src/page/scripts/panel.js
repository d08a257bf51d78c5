import { createCalls } from './calls.js';
import { h, rovingFocus } from './dom.js';
import { createFaults } from './faults.js';
import { t } from './i18n.js';
import { createWorldPanel } from './world-panel.js';

/** What happens behind the phones: the calls, the faults, the world's time and limits. Tabs, moved through by arrows. */
export function createPanel(context) {
  const sections = [
    { name: 'calls', part: createCalls(context) },
    { name: 'faults', part: createFaults(context) },
    { name: 'world', part: createWorldPanel(context) },
  ];
  const tabs = sections.map(({ name }) =>
    h(
      'button',
      { type: 'button', role: 'tab', id: `tab-${name}`, 'aria-controls': `panel-${name}`, onclick: () => choose(name) },
      t(`tab.${name}`),
      h('span', { class: 'count', hidden: true }),
    ),
  );
  const bodies = sections.map(({ name, part }) =>
    h(
      'div',
      { class: `panel-body ${name}`, role: 'tabpanel', id: `panel-${name}`, 'aria-labelledby': `tab-${name}` },
      part.element,
    ),
  );
  const bar = h('div', { class: 'tabs', role: 'tablist', 'aria-label': t('panel') }, tabs);
  const element = h('section', { class: 'panel', id: 'panel', 'aria-label': t('panel') }, bar, bodies);

  function choose(name) {
    for (const [n, section] of sections.entries()) {
      const isChosen = section.name === name;
      tabs[n].setAttribute('aria-selected', String(isChosen));
      tabs[n].setAttribute('tabindex', isChosen ? '0' : '-1');
      bodies[n].hidden = !isChosen;
    }
  }
  rovingFocus(bar, '[role=tab]', { horizontal: true });
  bar.addEventListener('focusin', (event) => choose(event.target.id.replace('tab-', '')));
  choose('calls');
  return {
    element,
    draw(changed) {
      for (const { part } of sections) part.draw(changed);
      if (changed.has('world')) drawCounts(tabs, context.store.state.world);
    },
    tick(now) {
      for (const { part } of sections) part.tick?.(now);
    },
    focus: () => tabs.find((tab) => tab.getAttribute('aria-selected') === 'true').focus(),
  };
}

/** How many faults are switched on, and how many limits were broken: to be seen from every tab. */
function drawCounts([, faultsTab, worldTab], world) {
  const rates = Object.values(world?.faults ?? {}).flatMap(({ errors, delayMs, ...faults }) => [
    ...Object.values(faults),
    ...Object.values(errors),
    delayMs[1],
  ]);
  drawCount(faultsTab, rates.filter((rate) => rate > 0).length, 'faultsOn');
  drawCount(worldTab, world?.violations ?? 0, 'violationsCount');
}

function drawCount(tab, n, words) {
  const count = tab.querySelector('.count');
  count.hidden = n === 0;
  count.textContent = String(n);
  count.setAttribute('aria-label', t(words, n));
}
