import { CAPABILITIES } from '@soroka/channels';
import type { Accounts } from '../accounts/accounts.ts';
import type { Connection, Connections, Sender } from '../connections/connections.ts';
import type { ContactOfPhone, Contacts } from '../contacts/contacts.ts';
import type { Budgets } from '../limits/limits.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';
import type { Template, Templates } from '../templates/templates.ts';
import type { Backlog } from './backlog.ts';
import type { AcceptAnswer, AcceptResult, NewNotification, Refusal, Remember } from './contract.ts';
import { messageRejected, messagesAccepted } from './events.ts';
import type { LaneDirectory } from './lane-directory.ts';
import { planSteps, type StepPlan } from './plan.ts';
import { isForbidden } from './spam.ts';
import { type Candidate, storeCandidates } from './store-accepted.ts';
import { charactersOf, isLongerThan } from './text-length.ts';
import { nextAllowed, timeZoneOfPhone, type ZonedWindow } from './windows.ts';
import { distinctWork, type Work } from './work.ts';

const TEXT_CHARACTERS_MAX = 2_048; // docs.devino.online/en/http/vk_ok

export interface AcceptParts {
  database: Database;
  clock: Clock;
  accounts: Pick<Accounts, 'urls'>;
  connections: Pick<Connections, 'senderByName' | 'senders'>;
  /** A few seconds old at most. */
  connection(connectionId: number): Promise<Connection | null>;
  templates: Pick<Templates, 'byId' | 'byName' | 'render'>;
  contacts: Pick<Contacts, 'byPhones'>;
  budgets: Budgets;
  lanes: LaneDirectory;
  backlog: Backlog;
  /** This was committed and is due. */
  onAccepted(work: readonly Work[]): void;
}

/** See Dispatch.accept. */
export async function accept(
  parts: AcceptParts,
  accountId: number,
  items: readonly NewNotification[],
  remember?: Remember,
): Promise<AcceptResult> {
  const now = parts.clock.now();
  const catalog = await readCatalog(parts, accountId, items);
  const checked = items.map((item) => check(parts, catalog, item, now));
  const result = await storeCandidates(parts, { accountId, now: new Date(now), checked, remember });
  if (result.kind !== 'accepted') return result;
  report(parts, checked, result.answers);
  return result;
}

type Checked = Candidate | { refused: readonly Refusal[] };

interface Catalog {
  defaultStatusUrl: string | null;
  senders: ReadonlyMap<string, Sender | null>;
  templatesById: ReadonlyMap<number, Template | null>;
  templatesByName: ReadonlyMap<string, Template | null>;
  contacts: ReadonlyMap<string, ContactOfPhone>;
  /** By the id of the connection. */
  textCharactersMax: ReadonlyMap<number, number>;
}

/** Everything the checks need, read once for the whole request. */
async function readCatalog(parts: AcceptParts, accountId: number, items: readonly NewNotification[]): Promise<Catalog> {
  const lookUp = async <Key, Value>(
    keys: Iterable<Key | undefined>,
    read: (key: Key) => Promise<Value>,
  ): Promise<ReadonlyMap<Key, Value>> => {
    const unique = [...new Set(keys)].filter((key) => key !== undefined) as Key[];
    return new Map(await Promise.all(unique.map(async (key) => [key, await read(key)] as const)));
  };
  const needsDefaultUrl = items.some((item) => item.statusUrl === undefined);
  const [urls, senders, templatesById, templatesByName, contacts] = await Promise.all([
    needsDefaultUrl ? parts.accounts.urls(accountId) : null,
    lookUp(
      items.map((item) => item.service),
      (name) => parts.connections.senderByName(accountId, name),
    ),
    lookUp(
      items.map((item) => item.templateId),
      (id) => parts.templates.byId(accountId, id),
    ),
    lookUp(
      items.map((item) => item.tmpl),
      (name) => parts.templates.byName(accountId, name),
    ),
    parts.contacts.byPhones(null, accountId, [...new Set(items.map((item) => item.phone))]),
  ]);
  if (
    items.length > 0 &&
    [...senders.values()].every((sender) => sender === null) &&
    (await parts.connections.senders(accountId)).length === 0
  ) {
    throw new AppError('service.not.found', 'this account has no approved sender', { field: 'service' });
  }
  const routes = [...senders.values()].flatMap((sender) => sender?.routes ?? []);
  await parts.lanes.ensure(routes);
  await parts.backlog.refresh(routes);
  const textCharactersMax = await lookUp(
    routes.map(({ connectionId }) => connectionId),
    async (id) => textMaxOf(await parts.connection(id)),
  );
  return { defaultStatusUrl: urls?.statusUrl ?? null, senders, templatesById, templatesByName, contacts, textCharactersMax };
}

function check(parts: AcceptParts, catalog: Catalog, item: NewNotification, now: number): Checked {
  const refuse = (key: Refusal['key'], field?: string, message?: string): Checked => ({
    refused: [{ key, ...(field === undefined ? {} : { field }), ...(message === undefined ? {} : { message }) }],
  });

  const sender = catalog.senders.get(item.service) ?? null;
  if (sender === null) return refuse('service.not.found', 'service');
  const template = templateOf(catalog, item);
  if (template === null)
    return refuse('message.contains.invalid.templateId', item.templateId === undefined ? 'tmpl' : 'templateId');
  if (!template.senderIds.has(sender.id)) {
    return refuse(
      'message.contains.invalid.templateId',
      'templateId',
      `template ${template.id} is not approved for ${sender.name}`,
    );
  }

  const plan = planSteps(item, sender, template, (route) => parts.lanes.idOf(route.network, route.groupId));
  if (!plan.ok) return { refused: [plan.refusal] };
  const rendered = parts.templates.render(template, item.templateData);
  if (!rendered.ok) return refuse('tmpl_data.invalid', `tmpl_data.${rendered.variable}`, VARIABLE_PROBLEMS[rendered.problem]);
  const tooLong = whereTooLong(rendered.text, plan.steps, catalog);
  if (tooLong !== null) return refuse('text.too.long', 'tmpl_data', tooLong);
  if (isForbidden(sender.forbiddenPatterns, rendered.text)) return refuse('is.spam', 'tmpl_data');
  if (catalog.contacts.get(item.phone)?.optedOut) return refuse('recipient.opted.out', 'phone');

  const timing = timeOf(item, now);
  if ('key' in timing) return { refused: [timing] };
  const first = plan.steps[0] as StepPlan;
  const queue = parts.backlog.admit(first, Math.floor((timing.expiresAt - now) / 1_000));
  if (!queue.admitted) return refuse('queue.too.long', 'ttl', `${queue.waiting} messages wait at ${queue.perSecond} per second`);

  return {
    item,
    sender,
    templateId: template.id,
    text: rendered.text,
    steps: plan.steps,
    windows: timing.windows,
    dueAt: new Date(timing.dueAt),
    expiresAt: new Date(timing.expiresAt),
    statusUrl: item.statusUrl ?? catalog.defaultStatusUrl,
  };
}

function textMaxOf(connection: Connection | null): number {
  if (connection === null) return TEXT_CHARACTERS_MAX;
  return connection.settings.textCharactersMax ?? CAPABILITIES[connection.kind].textCharactersMax;
}

/** Every route of the message must take it: one that cannot would never be used, and nobody would be told. Null where all do. */
function whereTooLong(text: string, steps: readonly StepPlan[], { textCharactersMax }: Catalog): string | null {
  if (isLongerThan(text, TEXT_CHARACTERS_MAX)) return `${charactersOf(text)} characters`;
  const maxOf = ({ connectionId }: StepPlan): number => textCharactersMax.get(connectionId) ?? TEXT_CHARACTERS_MAX;
  const step = steps.find((one) => isLongerThan(text, maxOf(one)));
  return step === undefined ? null : `${charactersOf(text)} characters, and the group on ${step.route} takes ${maxOf(step)}`;
}

const VARIABLE_PROBLEMS = {
  missing: 'the template has this variable: give it',
  extra: 'the template has no such variable: remove it',
  type: 'give a string, a number or a boolean',
} as const;

function templateOf({ templatesById, templatesByName }: Catalog, { templateId, tmpl }: NewNotification): Template | null {
  const byId = templateId === undefined ? undefined : (templatesById.get(templateId) ?? null);
  const byName = tmpl === undefined ? undefined : (templatesByName.get(tmpl) ?? null);
  if (byId === undefined) return byName ?? null;
  if (byName === undefined) return byId;
  return byId !== null && byName !== null && byId.id === byName.id ? byId : null;
}

type Timing = { dueAt: number; expiresAt: number; windows: readonly ZonedWindow[] | null };

function timeOf(item: NewNotification, now: number): Timing | Refusal {
  const expiresAt = now + item.ttlSeconds * 1_000;
  const sendAt = Math.max(now, item.sendAt?.getTime() ?? now);
  if (sendAt >= expiresAt)
    return {
      key: 'sendAt.invalid',
      field: 'sendAt',
      message: 'sendAt is after the end of the ttl, which counts from acceptance',
    };
  if (item.windows === undefined) return { dueAt: sendAt, expiresAt, windows: null };
  const windows: ZonedWindow[] = [];
  for (const [index, window] of item.windows.entries()) {
    const timeZone = window.timeZone ?? timeZoneOfPhone(item.phone);
    if (timeZone === null)
      return {
        key: 'windows.invalid',
        field: `windows[${index}].timeZone`,
        message: 'the phone does not tell the time zone: give it',
      };
    windows.push({ ...window, timeZone });
  }
  const dueAt = nextAllowed(windows, sendAt);
  return dueAt >= expiresAt ? { key: 'window.outside.ttl', field: 'windows' } : { dueAt, expiresAt, windows };
}

function report({ backlog, onAccepted }: AcceptParts, checked: readonly Checked[], answers: readonly AcceptAnswer[]): void {
  const lanes = new Map<number, number>();
  const work: Work[] = [];
  for (const [index, answer] of answers.entries()) {
    const candidate = checked[index];
    if (!answer.ok) for (const { key } of answer.reasons) messageRejected({ reason: key });
    else if (candidate !== undefined && 'steps' in candidate) {
      const { laneId, connectionId } = candidate.steps[0] as StepPlan;
      lanes.set(laneId, (lanes.get(laneId) ?? 0) + 1);
      work.push({ laneId, connectionId });
    }
  }
  if (lanes.size === 0) return;
  for (const [laneId, count] of lanes) backlog.added(laneId, count);
  messagesAccepted({ kind: 'notification', count: [...lanes.values()].reduce((sum, count) => sum + count, 0) });
  onAccepted(distinctWork(work));
}
