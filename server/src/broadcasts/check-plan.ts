import type { Connections } from '../connections/connections.ts';
import type { Contacts } from '../contacts/contacts.ts';
import { AppError } from '../platform/errors.ts';
import type { Templates } from '../templates/templates.ts';
import { compiledText, linksOf } from './content.ts';
import type { BroadcastPlan } from './plan.ts';
import { routesOf } from './routes.ts';

export interface CheckPlanParts {
  connections: Pick<Connections, 'ofGroup' | 'get' | 'senderByName'>;
  contacts: Pick<Contacts, 'segments'>;
  templates: Pick<Templates, 'byId'>;
}

// What fits a token of links.ts.
const LINKS_MAX = 36;

/** What only the account knows of a plan whose form is right. Throws `parameter.invalid` naming the field. */
export async function checkPlan(parts: CheckPlanParts, accountId: number, plan: BroadcastPlan): Promise<void> {
  const { variants, audience, ways, endAt, trial } = plan;
  for (const [index, variant] of variants.entries()) {
    try {
      compiledText(variant.text);
    } catch (error) {
      throw error instanceof AppError ? wrong(`variants[${index}].text`, error.detail) : error;
    }
    if (linksOf(variant).length > LINKS_MAX) throw wrong(`variants[${index}].text`, `holds more than ${LINKS_MAX} links`);
  }
  if (trial !== undefined && variants.length < 2) throw wrong('trial', 'means something with two variants or more');
  if (endAt !== undefined && Number.isNaN(Date.parse(endAt))) throw wrong('endAt', 'must be a time as 2026-01-31T21:00:00+03:00');
  if ('segmentId' in audience && (await parts.contacts.segments.get(accountId, audience.segmentId)) === null)
    throw wrong('audience.segmentId', 'this account has no such segment');
  const routes = await routesOf(parts.connections, accountId, ways);
  for (const [index, way] of ways.entries()) {
    if (way.kind === 'message') {
      if (routes[index] === null) throw wrong(`ways[${index}].group`, 'this account has no connection of its own to this group');
      if (way.intent !== undefined && !way.group.startsWith('VK:')) throw wrong(`ways[${index}].intent`, 'only VK asks for one');
      continue;
    }
    if (routes[index] === null) throw wrong(`ways[${index}].service`, 'this account has no such sender');
    const [template, sender] = await Promise.all([
      parts.templates.byId(accountId, way.templateId),
      parts.connections.senderByName(accountId, way.service),
    ]);
    if (template === null || sender === null || !template.senderIds.has(sender.id))
      throw wrong(`ways[${index}].templateId`, `is no template that is approved for ${way.service}`);
  }
}

function wrong(field: string, message: string): AppError {
  return new AppError('parameter.invalid', message, { field });
}
