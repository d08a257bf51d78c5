import { type Route, render, type Template, templatesOf } from './template.ts';

export type DeliveryPolicy = 'any' | 'mobile_device_required' | 'verified_phone_number';

/** One message of `POST /notify/vk/messages`, checked and rendered. */
export interface Item {
  phone: string;
  service: string;
  template: Template;
  text: string;
  routes: readonly Route[];
  policy: DeliveryPolicy;
  ttlSeconds: number;
  statusUrl: string | null;
  callbackData: object | undefined;
  clientMessageId: string | undefined;
  /** What the person would get: two items with one clientMessageId must agree in it. */
  fingerprint: string;
}

export interface Reason {
  key: string;
  field?: string;
  message?: string;
}
export type Checked = { ok: true; item: Item } | { ok: false; reason: Reason };

const FIELDS = new Set([
  'phone',
  'service',
  'templateId',
  'tmpl',
  'tmpl_data',
  'routes',
  'delivery_policy',
  'ttl',
  'status_url',
  'callbackData',
  'clientMessageId',
]);
const POLICIES: readonly DeliveryPolicy[] = ['any', 'mobile_device_required', 'verified_phone_number'];
const TTL_SECONDS = { min: 60, max: 86_400, default: 86_400 } as const;
const TEXT_CHARACTERS_MAX = 2_048;

class Refusal extends Error {
  readonly reason: Reason;
  constructor(key: string, field: string, message: string) {
    super(message);
    this.reason = { key, field, message };
  }
}

/** Checks one item against gateway.md, "Request": the first fault found is the answer. */
export function checkItem(given: unknown): Checked {
  try {
    return { ok: true, item: readItem(given) };
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, reason: error.reason };
    throw error;
  }
}

function readItem(given: unknown): Item {
  if (!isObject(given)) throw new Refusal('message.invalid', '', 'A message must be a JSON object.');
  for (const field of Object.keys(given))
    if (!FIELDS.has(field)) throw new Refusal('field.unknown', field, `"${field}" is not known here.`);
  const phone = readPhone(given['phone']);
  const service = readText(given, 'service', 'service.not.found');
  const template = readTemplate(given, service);
  const values = given['tmpl_data'] ?? {};
  if (!isObject(values)) throw new Refusal('tmpl_data.invalid', 'tmpl_data', 'It must be an object of names and values.');
  const rendered = render(template, values);
  if (!rendered.ok) throw new Refusal('tmpl_data.invalid', 'tmpl_data', rendered.message);
  const { text } = rendered;
  if (text.length > TEXT_CHARACTERS_MAX)
    throw new Refusal('text.too.long', 'tmpl_data', `The text is over ${TEXT_CHARACTERS_MAX} characters.`);
  const routes = readRoutes(given['routes'], template);
  const policy = readPolicy(given['delivery_policy']);
  return {
    phone,
    service,
    template,
    text,
    routes,
    policy,
    ttlSeconds: readTtl(given['ttl']),
    statusUrl: readUrl(given['status_url'], 'status_url'),
    callbackData: readCallbackData(given['callbackData']),
    clientMessageId: readClientMessageId(given['clientMessageId']),
    // Not ttl nor status_url: a client that repeats an item has less time left and may have moved.
    fingerprint: `${phone} ${service} ${template.id} ${routes.join()} ${policy} ${text}`,
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readPhone(value: unknown): string {
  const digits = typeof value === 'string' ? value.replace(/^\+/, '') : '';
  if (!/^[1-9]\d{9,14}$/.test(digits))
    throw new Refusal('phone.invalid', 'phone', 'Give the number in E.164 form, such as 79999999999.');
  return digits;
}

function readText(given: Record<string, unknown>, field: string, key: string): string {
  const value = given[field];
  if (typeof value !== 'string' || value === '') throw new Refusal(key, field, `"${field}" must be a text.`);
  return value;
}

function readTemplate(given: Record<string, unknown>, service: string): Template {
  const templates = templatesOf(service);
  if (templates.length === 0) throw new Refusal('service.not.found', 'service', 'No service of this name is approved here.');
  const { templateId, tmpl } = given;
  if (templateId === undefined && tmpl === undefined) {
    throw new Refusal('message.contains.invalid.templateId', 'templateId', 'Give templateId or tmpl.');
  }
  const found = templates.find(({ id, name }) => (templateId ?? id) === id && (tmpl ?? name) === name);
  if (found !== undefined) return found;
  const field = templateId === undefined ? 'tmpl' : 'templateId';
  throw new Refusal('message.contains.invalid.templateId', field, 'The service has no such approved template.');
}

function readRoutes(value: unknown, template: Template): readonly Route[] {
  if (value === undefined) return template.routes;
  const isRoute = (route: unknown): route is Route => route === 'VK' || route === 'OK';
  if (!Array.isArray(value) || value.length === 0 || !value.every(isRoute) || new Set(value).size !== value.length) {
    throw new Refusal('routes.invalid', 'routes', 'Give a list of VK and OK, each at most once.');
  }
  return value;
}

function readPolicy(value: unknown): DeliveryPolicy {
  if (value === undefined) return 'any';
  const policy = POLICIES.find((known) => typeof value === 'string' && value.toLowerCase() === known);
  if (policy === undefined)
    throw new Refusal('delivery_policy.invalid', 'delivery_policy', `Give one of ${POLICIES.join(', ')}.`);
  return policy;
}

function readTtl(value: unknown): number {
  if (value === undefined) return TTL_SECONDS.default;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < TTL_SECONDS.min || value > TTL_SECONDS.max) {
    throw new Refusal('ttl.invalid', 'ttl', `Give whole seconds from ${TTL_SECONDS.min} to ${TTL_SECONDS.max}.`);
  }
  return value;
}

/** A http or https address as given, or null where there is none. Throws a refusal otherwise. */
function readUrl(value: unknown, field: string): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string' || !isHttpUrl(value))
    throw new Refusal(`${field}.invalid`, field, 'Give an http or https address.');
  return value;
}

export function isHttpUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && (url.protocol === 'http:' || url.protocol === 'https:');
}

function readCallbackData(value: unknown): object | undefined {
  if (value === undefined || isObject(value)) return value;
  throw new Refusal('callbackData.invalid', 'callbackData', 'It must be an object.');
}

function readClientMessageId(value: unknown): string | undefined {
  if (value === undefined || (typeof value === 'string' && value.length >= 1 && value.length <= 100)) return value;
  throw new Refusal('clientMessageId.invalid', 'clientMessageId', 'Give a text of 1 to 100 characters.');
}
