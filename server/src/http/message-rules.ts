import { hash } from 'node:crypto';
import { DELIVERY_POLICIES, type Message, type OlderMessage, type Route, SEND_LIMITS } from '@soroka/api';
import type { NewNotification, NewStep, Refusal, SendWindow } from '../dispatch/dispatch.ts';
import { isoTime } from './iso-time.ts';
import { exactValue } from './json-body.ts';
import { type Span, twoMembersOf } from './json-spans.ts';
import { BARE_FORM, fieldPath, type ItemForm, OLDER_FORM, shapeProblems } from './message-shape.ts';
import { mobileNumber } from './phone.ts';
import { isStorableText, MAY_BE_UNSTORABLE, UNSTORABLE } from './storable-text.ts';
import { zoneName } from './time-zones.ts';

/** What one request shares among its items. */
export interface RulesOfRequest {
  /** The request's body: raw pieces of it are passed on. */
  text: string;
  /** Milliseconds since 1970 of the acceptance. */
  now: number;
  /** Why callbacks cannot go to a URL; null where they can. Does not ask the DNS. */
  urlProblem(url: string): string | null;
}
export type CheckedItem = { ok: true; notification: NewNotification } | { ok: false; reasons: readonly Refusal[] };

/** An item with its fields under the names of the bare form, and the names they were given by. */
interface Fields {
  values: Partial<Message>;
  nameOf(field: keyof Message): string;
  /** Of tmpl_data and callbackData, as they stand in the body. */
  raw: { templateData?: string; callbackData?: string };
}

/** Checks one item of the bare array: every problem that can be found without the account's own data. */
export function checkMessage(request: RulesOfRequest, item: unknown, span: Span): CheckedItem {
  return checkItem(request, BARE_FORM, item, span, (good) => ({ values: good as Partial<Message>, nameOf: (field) => field }));
}

/** Checks one item of the older form; `defaultService` is the sender of items that name none. */
export function checkOlderMessage(
  request: RulesOfRequest,
  item: unknown,
  span: Span,
  defaultService: string | null,
): CheckedItem {
  return checkItem(request, OLDER_FORM, item, span, (good) => ({
    values: asBareMessage(good as Partial<OlderMessage>, defaultService),
    nameOf: (field) => OLDER_NAMES[field] ?? field,
  }));
}

const OLDER_NAMES: Partial<Record<keyof Message, keyof OlderMessage>> = {
  phone: 'to',
  tmpl_data: 'templateData',
  delivery_policy: 'deliveryPolicy',
  ttl: 'validity',
  status_url: 'callbackUrl',
};

function asBareMessage(item: Partial<OlderMessage>, defaultService: string | null): Partial<Message> {
  const service = item.service ?? defaultService ?? undefined;
  return {
    ...(item.to === undefined ? {} : { phone: String(item.to) }),
    ...(service === undefined ? {} : { service }),
    ...(item.templateId === undefined ? {} : { templateId: Number(item.templateId) }),
    ...(item.templateData === undefined ? {} : { tmpl_data: item.templateData }),
    ...(item.routes === undefined ? {} : { routes: item.routes }),
    ...(item.deliveryPolicy === undefined ? {} : { delivery_policy: item.deliveryPolicy }),
    ...(item.validity === undefined ? {} : { ttl: item.validity }),
    ...(item.callbackUrl === undefined ? {} : { status_url: item.callbackUrl }),
    ...(item.clientMessageId === undefined ? {} : { clientMessageId: item.clientMessageId }),
  };
}

function checkItem(
  request: RulesOfRequest,
  form: ItemForm,
  item: unknown,
  span: Span,
  read: (good: object) => Pick<Fields, 'values' | 'nameOf'>,
): CheckedItem {
  const reasons = shapeProblems(form, item);
  if (reasons[0]?.key === 'message.invalid') return { ok: false, reasons };
  // What has a wrong shape is left out, so that the rules below can name the other problems of the item too.
  const bad = new Set(reasons.map(({ field }) => field?.split(/[.[]/, 1)[0]));
  const good =
    bad.size === 0 ? (item as object) : Object.fromEntries(Object.entries(item as object).filter(([name]) => !bad.has(name)));
  const fields = { ...read(good), raw: rawPieces(request.text, good, span) };
  const notification = applyRules(request, fields, request.text.slice(span.start, span.end), reasons);
  return reasons.length === 0 ? { ok: true, notification } : { ok: false, reasons };
}

function rawPieces(text: string, item: object, span: Span): Fields['raw'] {
  const dataName = 'tmpl_data' in item ? 'tmpl_data' : 'templateData';
  if (!(dataName in item) && !('callbackData' in item)) return {};
  const [templateData, callbackData] = twoMembersOf(text, span.start, dataName, 'callbackData');
  const raw: Fields['raw'] = {};
  if (templateData !== undefined && dataName in item) raw.templateData = text.slice(templateData.start, templateData.end);
  if (callbackData !== undefined && 'callbackData' in item) raw.callbackData = text.slice(callbackData.start, callbackData.end);
  return raw;
}

/** Adds to `reasons` what is wrong; the notification is usable only where nothing is. */
function applyRules(request: RulesOfRequest, fields: Fields, itemText: string, reasons: Refusal[]): NewNotification {
  const { values, nameOf, raw } = fields;
  const refuse = (key: Refusal['key'], field: keyof Message, message: string, path = '') => {
    reasons.push({ key, field: nameOf(field) + path, message });
  };
  if (MAY_BE_UNSTORABLE.test(itemText)) refuseUnstorable(values, refuse);

  const phone = values.phone === undefined ? null : mobileNumber(values.phone);
  if (phone === null && values.phone !== undefined) refuse('phone.invalid', 'phone', 'this is no possible mobile number');
  if (values.service === undefined && !isRefused(reasons, 'service')) refuse('service.not.found', 'service', 'name the sender');
  const namesTemplate = values.templateId !== undefined || values.tmpl !== undefined;
  if (!namesTemplate && !isRefused(reasons, 'templateId') && !isRefused(reasons, 'tmpl')) {
    refuse('message.contains.invalid.templateId', 'templateId', 'give templateId or tmpl');
  }
  const policy = DELIVERY_POLICIES.find((name) => name === (values.delivery_policy ?? 'any').toLowerCase());
  if (policy === undefined)
    refuse('delivery_policy.invalid', 'delivery_policy', `must be one of ${DELIVERY_POLICIES.join(', ')}`);
  if (values.status_url !== undefined) {
    const problem = request.urlProblem(values.status_url);
    if (problem !== null) refuse('status_url.invalid', 'status_url', problem);
  }
  if (raw.callbackData !== undefined && Buffer.byteLength(raw.callbackData) > SEND_LIMITS.callbackDataBytesMax) {
    refuse('callbackData.invalid', 'callbackData', `must have at most ${SEND_LIMITS.callbackDataBytesMax} bytes of JSON`);
  }
  const ttlSeconds = values.ttl ?? SEND_LIMITS.ttlSecondsMax;
  const sendAt = values.sendAt === undefined ? null : isoTime(values.sendAt);
  if (values.sendAt !== undefined) {
    if (sendAt === null) refuse('sendAt.invalid', 'sendAt', 'must be an ISO 8601 time with its zone');
    else if (sendAt >= request.now + ttlSeconds * 1_000) refuse('sendAt.invalid', 'sendAt', 'lies behind the end of the ttl');
  }
  const steps = values.steps === undefined ? undefined : checkSteps(values, refuse);
  const windows = values.windows === undefined ? undefined : checkWindows(values.windows, refuse);

  const templateDataJson = raw.templateData ?? '{}';
  const notification = {
    phone: phone ?? '',
    service: values.service ?? '',
    ...(values.templateId === undefined ? {} : { templateId: values.templateId }),
    ...(values.tmpl === undefined ? {} : { tmpl: values.tmpl }),
    templateData: exactValue(templateDataJson, values.tmpl_data ?? {}) as Record<string, unknown>,
    templateDataJson,
    ...(values.routes === undefined ? {} : { routes: values.routes }),
    ...(steps === undefined ? {} : { steps }),
    deliveryPolicy: policy ?? 'any',
    ...(values.class === undefined ? {} : { class: values.class }),
    ttlSeconds,
    ...(values.status_url === undefined ? {} : { statusUrl: values.status_url }),
    ...(raw.callbackData === undefined ? {} : { callbackDataJson: raw.callbackData }),
    ...(values.clientMessageId === undefined ? {} : { clientMessageId: values.clientMessageId }),
    ...(sendAt === null ? {} : { sendAt: new Date(sendAt) }),
    ...(windows === undefined ? {} : { windows }),
  };
  return { ...notification, contentSha256: contentSha256(notification) };
}

// Over the item as it was understood, so that another spelling of the same phone, or another order of the fields, is no
// other content. Without the ttl and the status_url: who repeats a message later gives it the seconds that are left, as we do
// ourselves towards an upstream, and must get the first one's id and no conflict. Only a clientMessageId makes anybody ask.
function contentSha256(notification: Omit<NewNotification, 'contentSha256'>): Buffer {
  if (notification.clientMessageId === undefined) return NO_HASH;
  const { templateData: _data, ttlSeconds: _ttl, statusUrl: _url, ...content } = notification;
  return hash('sha256', JSON.stringify(content), 'buffer');
}
const NO_HASH = Buffer.alloc(0);

type Refuse = (key: Refusal['key'], field: keyof Message, message: string, path?: string) => void;
const isRefused = (reasons: readonly Refusal[], name: string) => reasons.some(({ field }) => field === name);

function checkSteps(values: Partial<Message>, refuse: Refuse): readonly NewStep[] {
  const steps = values.steps ?? [];
  if (values.routes !== undefined) refuse('steps.invalid', 'steps', 'give either routes or steps');
  const seen = new Set<Route>();
  for (const [index, { route }] of steps.entries()) {
    if (seen.has(route)) refuse('steps.invalid', 'steps', `${route} stands in an earlier step already`, `[${index}].route`);
    seen.add(route);
  }
  return steps.map(({ route, timeout, success }) => ({
    route,
    ...(timeout === undefined ? {} : { timeoutSeconds: timeout }),
    ...(success === undefined ? {} : { success }),
  }));
}

const EVERY_DAY = [1, 2, 3, 4, 5, 6, 7];
function checkWindows(windows: NonNullable<Message['windows']>, refuse: Refuse): readonly SendWindow[] {
  const checked: SendWindow[] = [];
  for (const [index, { weekdays, from, to, timeZone }] of windows.entries()) {
    const zone = timeZone === undefined ? undefined : zoneName(timeZone);
    // HH:MM orders like the time it means.
    if (from >= to)
      refuse(
        'windows.invalid',
        'windows',
        'must be earlier than `to`; split hours over midnight in two windows',
        `[${index}].from`,
      );
    // Looking for a zone that does not exist takes 50 µs: the first one is enough.
    if (zone === null) {
      refuse('windows.invalid', 'windows', 'must be an IANA name as Europe/Moscow', `[${index}].timeZone`);
      break;
    }
    checked.push({ weekdays: weekdays ?? EVERY_DAY, from, to, ...(zone === undefined ? {} : { timeZone: zone }) });
  }
  return checked;
}

const TEXT_FIELDS = [
  ['service', 'service.not.found'],
  ['tmpl', 'message.contains.invalid.templateId'],
  ['clientMessageId', 'clientMessageId.invalid'],
  ['status_url', 'status_url.invalid'],
] as const;
function refuseUnstorable(values: Partial<Message>, refuse: Refuse): void {
  for (const [field, key] of TEXT_FIELDS) {
    if (!isStorableText(values[field] ?? '')) refuse(key, field, UNSTORABLE);
  }
  const path = pathOfUnstorable(values.tmpl_data);
  if (path !== null)
    refuse('tmpl_data.invalid', 'tmpl_data', UNSTORABLE, fieldPath(['tmpl_data', ...path]).slice('tmpl_data'.length));
}

/** The names on the way to a string below `value` that cannot be stored. The depth is bounded by the body's. */
function pathOfUnstorable(value: unknown): string[] | null {
  if (typeof value === 'string') return isStorableText(value) ? null : [];
  if (typeof value !== 'object' || value === null) return null;
  for (const [name, member] of Object.entries(value)) {
    if (!isStorableText(name)) return [];
    const below = pathOfUnstorable(member);
    if (below !== null) return [name, ...below];
  }
  return null;
}
