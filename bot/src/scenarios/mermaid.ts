import { goesOn, type Scenario, type Step, type Target } from './scenario.ts';

const LABEL_CHARACTERS_MAX = 60;

/** A scenario as a Mermaid flowchart, for a review or a page: questions are rounded, conditions are rhombs, ends are circles. */
export function toMermaid({ name, steps }: Scenario): string {
  const idOf = (step: string): string => `s${steps.findIndex(({ id }) => id === step)}`;
  const nodeOf = (target: Target): string =>
    target.kind === 'step' ? idOf(target.id) : target.kind === 'end' ? 'finish' : `to_${scenarios.indexOf(target.name)}`;
  const edges = steps.flatMap((step, index) => {
    const below = steps[index + 1];
    const following: Edge[] = goesOn(step)
      ? [{ label: onlyIf(step), target: below === undefined ? { kind: 'end' } : { kind: 'step', id: below.id } }]
      : [];
    return [...edgesOf(step), ...following].map((edge) => ({ from: step.id, ...edge }));
  });
  const scenarios = [...new Set(edges.flatMap(({ target }) => (target.kind === 'scenario' ? [target.name] : [])))];
  const hasEnd = edges.some(({ target }) => target.kind === 'end');
  return [
    '---',
    `title: ${name.replaceAll(/[\r\n]/g, ' ')}`,
    '---',
    'flowchart TD',
    ...steps.map((step) => `  ${idOf(step.id)}${shapeOf(step)}`),
    ...scenarios.map((other, index) => `  to_${index}[["${escaped(other)}"]]`),
    ...(hasEnd ? ['  finish((("конец")))'] : []),
    ...edges.map(
      ({ from, label, target }) => `  ${idOf(from)} -->${label === '' ? '' : `|"${escaped(label)}"|`} ${nodeOf(target)}`,
    ),
    '',
  ].join('\n');
}

interface Edge {
  label: string;
  target: Target;
}

/** Why the step below follows, where it is not the only one. */
function onlyIf(step: Step): string {
  return step.kind === 'if' ? 'нет' : '';
}

function edgesOf(step: Step): Edge[] {
  switch (step.kind) {
    case 'ask':
      return [
        ...step.options.flatMap(({ label, goto }) => (goto === undefined ? [] : [{ label, target: goto }])),
        ...(step.onFail === undefined ? [] : [{ label: 'не понял', target: step.onFail }]),
        ...(step.onTimeout === undefined ? [] : [{ label: 'нет ответа', target: step.onTimeout }]),
      ];
    case 'if':
      return [{ label: 'да', target: step.yes }, ...(step.no === undefined ? [] : [{ label: 'нет', target: step.no }])];
    case 'call':
      return step.onError === undefined ? [] : [{ label: 'ошибка', target: step.onError }];
    case 'ab':
      return step.branches.map(({ weight, goto }) => ({ label: `вес ${weight}`, target: goto }));
    case 'goto':
      return [{ label: '', target: step.target }];
    default:
      return [];
  }
}

function shapeOf(step: Step): string {
  const text = escaped(shortened(`${step.id}: ${wordsFor(step)}`));
  if (step.kind === 'ask') return `(["${text}"])`;
  return step.kind === 'if' || step.kind === 'ab' ? `{"${text}"}` : `["${text}"]`;
}

function wordsFor(step: Step): string {
  switch (step.kind) {
    case 'say':
    case 'ask':
      return step.content.text;
    case 'set':
      return Object.keys(step.values).join(', ');
    case 'call':
      return `${step.call.method} ${step.call.url}`;
    case 'label':
      return [...step.add.map((label) => `+${label}`), ...step.remove.map((label) => `-${label}`)].join(' ');
    case 'handoff':
      return `handoff ${step.team ?? ''}`.trim();
    default:
      return step.kind;
  }
}

function shortened(text: string): string {
  const characters = [...text.replaceAll(/\s+/g, ' ')];
  return characters.length > LABEL_CHARACTERS_MAX
    ? `${characters.slice(0, LABEL_CHARACTERS_MAX - 1).join('')}…`
    : characters.join('');
}

/** Mermaid writes entities with # in place of &. */
function escaped(text: string): string {
  return text.replaceAll('#', '#35;').replaceAll('"', '#quot;').replaceAll('<', '#lt;').replaceAll('>', '#gt;');
}
