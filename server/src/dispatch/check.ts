import type { QuietHours } from '../accounts/accounts.ts';
import type { Template, Templates } from '../templates/templates.ts';
import type { Lines } from './backlog.ts';
import { type Catalog, TEXT_CHARACTERS_MAX } from './catalog.ts';
import { DEFAULT_CLASS, PRIORITY_OF_CLASS } from './classes.ts';
import type { NewNotification, Refusal } from './contract.ts';
import type { LaneDirectory } from './lane-directory.ts';
import { planSteps, type StepPlan } from './plan.ts';
import { isForbidden } from './spam.ts';
import type { Candidate } from './store-accepted.ts';
import { charactersOf, isLongerThan } from './text-length.ts';
import { nextAllowed, timeZoneOfPhone, WHOLE_DAY, withoutQuiet, type ZonedWindow } from './windows.ts';

export interface CheckParts {
  templates: Pick<Templates, 'render'>;
  lanes: LaneDirectory;
  /** Whoever keeps the message lets it join its line. */
  lines: Lines;
}

export type Checked = Candidate | { refused: readonly Refusal[] };

/** All that can be said of a notification without a lock: renders it and plans its routes, or refuses it. `now` in ms since 1970. */
export function check(parts: CheckParts, catalog: Catalog, accountId: number, item: NewNotification, now: number): Checked {
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

  const timing = timeOf(item, catalog.quietHours, now);
  if ('key' in timing) return { refused: [timing] };
  const first = plan.steps[0] as StepPlan;
  const place = parts.lines.look(first, timing.dueAt - now);
  if (place.sentInMs > timing.expiresAt - now) {
    return refuse('queue.too.long', 'ttl', `${place.waiting} messages wait before it, at ${place.perSecond} per second`);
  }

  return {
    accountId,
    item,
    sender,
    priority: PRIORITY_OF_CLASS[item.class ?? template.class ?? DEFAULT_CLASS],
    templateId: template.id,
    templateVersion: template.version,
    text: rendered.text,
    steps: plan.steps,
    windows: timing.windows,
    dueAt: new Date(timing.dueAt),
    expiresAt: new Date(timing.expiresAt),
    statusUrl: item.statusUrl ?? catalog.defaultStatusUrl,
  };
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

function timeOf(item: NewNotification, quietHours: QuietHours | null, now: number): Timing | Refusal {
  const expiresAt = now + item.ttlSeconds * 1_000;
  const sendAt = Math.max(now, item.sendAt?.getTime() ?? now);
  if (sendAt >= expiresAt)
    return {
      key: 'sendAt.invalid',
      field: 'sendAt',
      message: 'sendAt is after the end of the ttl, which counts from acceptance',
    };
  const windows = windowsOf(item, quietHours);
  if (windows === null) return { dueAt: sendAt, expiresAt, windows };
  if ('key' in windows) return windows;
  const dueAt = nextAllowed(windows, sendAt);
  if (dueAt < expiresAt) return { dueAt, expiresAt, windows };
  if (item.windows !== undefined) return { key: 'window.outside.ttl', field: 'windows' };
  return { key: 'window.outside.ttl', field: 'ttl', message: 'the quiet hours of the account last longer than the ttl' };
}

/** When the message may be sent: its own windows without the quiet hours, each in its own zone or the recipient's. Null: at any time. */
function windowsOf(item: NewNotification, quietHours: QuietHours | null): readonly ZonedWindow[] | null | Refusal {
  if (item.windows === undefined && quietHours === null) return null;
  const zoneOfPhone = timeZoneOfPhone(item.phone);
  const windows: ZonedWindow[] = [];
  for (const [index, window] of (item.windows ?? [WHOLE_DAY]).entries()) {
    const timeZone = window.timeZone ?? zoneOfPhone ?? quietHours?.timeZone;
    if (timeZone === undefined)
      return {
        key: 'windows.invalid',
        field: `windows[${index}].timeZone`,
        message: 'the phone does not tell the time zone: give it',
      };
    const left = quietHours === null ? [window] : withoutQuiet(window, quietHours);
    windows.push(...left.map((hours) => ({ ...hours, timeZone })));
  }
  return windows;
}
