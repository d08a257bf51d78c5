import type { Value } from '../model/model.ts';
import {
  below,
  checkTemplate,
  contentOf,
  durationMs,
  type Item,
  isObject,
  isVariable,
  kindOf,
  numberField,
  oneOfField,
  type Report,
  refuseUnknown,
  textField,
  textsField,
} from '../reading/reading.ts';
import { type Places, placesOf } from './places.ts';
import { askOf, choiceOf } from './read-question.ts';
import { testOf } from './read-test.ts';
import type { Scenario, Step, StepAction } from './scenario.ts';

const STEPS_MAX = 500;
const NOTICE_CHARACTERS_MAX = 90; // VK's show_snackbar (VkNet, vkbottle); OK has no such line and shows a message
const NAME = /^[\p{L}\p{N}_.-]{1,40}$/u;
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

type Read = (given: unknown, report: Report, places: Places, step: Item) => StepAction | undefined;
const only =
  (kind: 'close' | 'unsubscribe' | 'subscribe' | 'end'): Read =>
  (given, report) =>
    given === true ? { kind } : report('', 'must be true');

/** What a step may be, by its field. */
const READERS: Readonly<Record<string, Read>> = {
  say: (given, report) => ({ kind: 'say', content: contentOf(given, report) }),
  notice: (given, report) => {
    const text = textField({ text: given }, 'text', (_, problem) => report('', problem), NOTICE_CHARACTERS_MAX);
    return text === undefined ? undefined : { kind: 'notice', text };
  },
  ask: (given, report, places) => ({ kind: 'ask', ...askOf(given, report, places) }),
  choice: (given, report, places) => ({ kind: 'ask', ...choiceOf(given, report, places) }),
  if: (given, report, places, step) => {
    const above: Report = (field, problem) => report(`(${field})`, problem);
    const target = places.targetOf(step, 'then', above) ?? (step['then'] === undefined ? report('', 'needs then') : undefined);
    const other = places.targetOf(step, 'else', above);
    const test = testOf(given, report);
    return target === undefined ? undefined : { kind: 'if', test, yes: target, ...(other !== undefined && { no: other }) };
  },
  set: (given, report) => ({ kind: 'set', values: valuesOf(given, report) }),
  label: (given, report) => {
    const item = typeof given === 'string' ? { add: given } : given;
    if (!isObject(item)) return report('', `must be a label or an object with add and remove, got ${kindOf(given)}`);
    refuseUnknown(item, ['add', 'remove'], report);
    const add = textsField(item, 'add', report, 20, 100) ?? [];
    return { kind: 'label', add, remove: textsField(item, 'remove', report, 20, 100) ?? [] };
  },
  call: callOf,
  wait: (given, report) => {
    const ms = durationMs(given);
    return ms === undefined
      ? report('', 'must be a duration such as 30s, 10m, 2h or 1d, at most 366 days')
      : { kind: 'wait', ms };
  },
  ab: (given, report, places) => {
    if (!Array.isArray(given) || given.length < 2)
      return report('', `must be a list of 2 or more {goto, weight}, got ${kindOf(given)}`);
    const branches = given.flatMap((branch: unknown, index) => {
      const at = below(report, `[${index}]`);
      if (!isObject(branch)) return at('', `must be an object with goto and weight, got ${kindOf(branch)}`) ?? [];
      refuseUnknown(branch, ['goto', 'weight'], at);
      const goto = places.targetOf(branch, 'goto', at) ?? (branch['goto'] === undefined ? at('goto', 'is missing') : undefined);
      const weight = numberField(branch, 'weight', at, 0.001, 1_000) ?? 1;
      return goto === undefined ? [] : [{ weight, goto }];
    });
    return { kind: 'ab', branches };
  },
  handoff: (given, report) => {
    if (given === true) return { kind: 'handoff' };
    if (!isObject(given)) return report('', `must be true or an object with team and note, got ${kindOf(given)}`);
    refuseUnknown(given, ['team', 'note'], report);
    const team = textField(given, 'team', report, 100);
    const note = textField(given, 'note', report, 1_000);
    if (note !== undefined) checkTemplate(note, below(report, 'note'));
    return { kind: 'handoff', ...(team !== undefined && { team }), ...(note !== undefined && { note }) };
  },
  goto: (given, report, places) => {
    const target = places.targetOf({ goto: given }, 'goto', (_, problem) => report('', problem));
    return target === undefined ? undefined : { kind: 'goto', target };
  },
  close: only('close'),
  unsubscribe: only('unsubscribe'),
  subscribe: only('subscribe'),
  end: only('end'),
};

function valuesOf(given: unknown, report: Report): Record<string, Value> {
  if (!isObject(given) || Object.keys(given).length === 0) {
    report('', `must be an object of variables and their values, got ${kindOf(given)}`);
    return {};
  }
  const values: Record<string, Value> = {};
  for (const [name, value] of Object.entries(given)) {
    if (!isVariable(name)) report(name, 'is no name of a variable: letters, digits and _, not a digit first');
    else if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') values[name] = value;
    else report(name, `must be a text, a number, true or false, got ${kindOf(value)}`);
    if (typeof value === 'string') checkTemplate(value, below(report, name));
  }
  return values;
}

function callOf(given: unknown, report: Report, places: Places): StepAction | undefined {
  if (!isObject(given)) return report('', `must be an object with url, got ${kindOf(given)}`);
  refuseUnknown(given, ['method', 'url', 'headers', 'body', 'save', 'onError'], report);
  const url = textField(given, 'url', report, 2_048);
  if (url === undefined || !/^https?:\/\/[^/{]+/.test(url))
    return report('url', 'must be an http or https address; {{ }} may stand after the host');
  checkTemplate(url, below(report, 'url'));
  const body = given['body'];
  const method =
    oneOfField({ method: given['method'] ?? (body === undefined ? 'GET' : 'POST') }, 'method', report, METHODS) ?? 'GET';
  const headers = textsOf(given['headers'], below(report, 'headers'), 'names and texts');
  const save = textsOf(given['save'], below(report, 'save'), 'variables and paths such as body.status');
  for (const [name, path] of Object.entries(save)) {
    if (!isVariable(name)) report(`save.${name}`, 'is no name of a variable: letters, digits and _, not a digit first');
    if (!/^(status|body(\.[\p{L}\p{N}_-]+)*)$/u.test(path))
      report(`save.${name}`, 'must be status, body or a path such as body.order.id');
  }
  const onError = places.targetOf(given, 'onError', report);
  return {
    kind: 'call',
    call: { method, url, headers },
    save,
    ...(body !== undefined && { body }),
    ...(onError !== undefined && { onError }),
  };
}

function textsOf(given: unknown, report: Report, shape: string): Record<string, string> {
  if (given === undefined) return {};
  if (isObject(given) && Object.values(given).every((value) => typeof value === 'string')) return given as Record<string, string>;
  report('', `must be an object of ${shape}, got ${kindOf(given)}`);
  return {};
}

/** Steps as the file gives them; a step without a name is called after its place, `step-3`. */
export function scenarioOf(name: string, given: unknown, report: Report, isScenario: (name: string) => boolean): Scenario {
  if (!Array.isArray(given) || given.length === 0 || given.length > STEPS_MAX) {
    report('', `must be a list of 1 to ${STEPS_MAX} steps, got ${kindOf(given)}`);
    return { name, steps: [] };
  }
  const ids = given.map((step: unknown, index) =>
    isObject(step) && typeof step['id'] === 'string' ? step['id'] : `step-${index + 1}`,
  );
  const places = placesOf(ids, isScenario);
  const steps = given.flatMap((step: unknown, index): Step[] => {
    const id = ids[index] ?? '';
    const at = below(report, `[${index}]`);
    if (!NAME.test(id) || id === 'end') at('id', 'must be 1 to 40 letters, digits, _ . or -, and not end');
    if (ids.indexOf(id) !== index) at('id', `"${id}" was used by a step above: give each its own`);
    const action = actionOf(step, at, places);
    return action === undefined ? [] : [{ id, ...action }];
  });
  return { name, steps };
}

function actionOf(step: unknown, report: Report, places: Places): StepAction | undefined {
  const kinds = Object.keys(READERS);
  if (!isObject(step)) return report('', `must be an object with one of ${kinds.join(', ')}, got ${kindOf(step)}`);
  const given = kinds.filter((kind) => step[kind] !== undefined);
  const [kind = ''] = given;
  const read = READERS[kind];
  if (given.length !== 1 || read === undefined)
    return report('', `must have exactly one of ${kinds.join(', ')}${given.length > 1 ? `, has ${given.join(' and ')}` : ''}`);
  refuseUnknown(step, ['id', kind, ...(kind === 'if' ? ['then', 'else'] : [])], report);
  return read(step[kind], below(report, kind), places, step);
}

/** Whether a scenario may be called so. */
export function isScenarioName(name: string): boolean {
  return NAME.test(name) && name !== 'end';
}
