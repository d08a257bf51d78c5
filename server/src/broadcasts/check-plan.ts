import { CAPABILITIES } from '@soroka/channels';
import type { Connections } from '../connections/connections.ts';
import type { Contacts } from '../contacts/contacts.ts';
import type { Files } from '../files/files.ts';
import type { Queryable } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';
import type { Templates } from '../templates/templates.ts';
import { compiledText, linksOf } from './content.ts';
import { type BroadcastPlan, groupOf, type Variant } from './plan.ts';
import { routesOf } from './routes.ts';

export interface CheckPlanParts {
  connections: Pick<Connections, 'ofGroup' | 'get' | 'senderByName'>;
  contacts: Pick<Contacts, 'segments'>;
  templates: Pick<Templates, 'byId'>;
  database: Queryable;
  files: Pick<Files, 'list'>;
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
    await checkPictures(parts, accountId, variant, { ways, at: `variants[${index}].fileIds` });
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

async function checkPictures(
  { database, files }: Pick<CheckPlanParts, 'database' | 'files'>,
  accountId: number,
  { fileIds = [], keyboard }: Variant,
  { ways, at }: Pick<BroadcastPlan, 'ways'> & { at: string },
): Promise<void> {
  if (fileIds.length === 0) return;
  const networks = new Set(ways.flatMap((way) => (way.kind === 'message' ? groupOf(way).network : [])));
  if (networks.size === 0) throw wrong(at, 'none of the ways is a message, which pictures go with');
  for (const network of networks) {
    // OK counts a keyboard among them.
    const max = CAPABILITIES[network].attachmentsMax - (network === 'ok' && keyboard !== undefined ? 1 : 0);
    if (fileIds.length > max) throw wrong(at, `${network === 'ok' ? 'OK' : 'VK'} takes at most ${max} with this message`);
  }
  const found = await files.list(database, accountId, fileIds, { groups: null, operatorId: null });
  for (const [index, fileId] of fileIds.entries())
    if (found.find(({ id }) => id === fileId)?.kind !== 'image')
      throw wrong(`${at}[${index}]`, 'is no picture of this account: upload it with POST /v1/files');
}

function wrong(field: string, message: string): AppError {
  return new AppError('parameter.invalid', message, { field });
}
