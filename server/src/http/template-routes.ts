import {
  NewTemplate,
  NewTemplateVersion,
  type Template as ShownTemplate,
  type TemplateVersion as ShownVersion,
  type TemplateDetails,
  TemplatePatch,
  TemplatePreviewRequest,
} from '@soroka/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Compile } from 'typebox/compile';
import type { Actor } from '../audit/audit.ts';
import { AppError } from '../platform/errors.ts';
import type { ListedTemplate, Templates, TemplateVersion } from '../templates/templates.ts';
import { callerOf } from './auth.ts';
import { readFields } from './operator-body.ts';
import { idOf } from './query.ts';

const newCheck = Compile(NewTemplate);
const patchCheck = Compile(TemplatePatch);
const versionCheck = Compile(NewTemplateVersion);
const previewCheck = Compile(TemplatePreviewRequest);

export interface TemplateRoutesParts {
  templates: Pick<
    Templates,
    'all' | 'find' | 'add' | 'set' | 'preview' | 'versions' | 'addVersion' | 'approveVersion' | 'archiveVersion'
  >;
}

/** Handlers of /v1/templates by the ids of their operations. */
export function createTemplateRoutes({ templates }: TemplateRoutesParts) {
  const details = async (accountId: number, template: ListedTemplate): Promise<TemplateDetails> => ({
    ...shown(template),
    versions: (await templates.versions(accountId, template.id)).map(shownVersion),
  });

  return {
    async listTemplates(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const all = await templates.all(callerOf(request).accountId);
      return reply.send({ items: all.map(shown), nextCursor: null });
    },

    async addTemplate(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const given = await readFields(request, NewTemplate, newCheck);
      const { accountId, actor } = callerOf(request);
      const added = await templates.add({ ...given, accountId, by: nameOf(actor), isDraft: true });
      return reply.send(await details(accountId, added));
    },

    async previewTemplate(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { text, variables = {} } = await readFields(request, TemplatePreviewRequest, previewCheck);
      const preview = templates.preview(text, variables);
      return reply.send({ ...preview, characters: preview.text === null ? null : [...preview.text].length });
    },

    async getTemplate(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { accountId } = callerOf(request);
      const template = await templates.find(accountId, idOf(request, 'templateId'));
      if (template === null) throw new AppError('not.found', 'this account has no such template');
      return reply.send(await details(accountId, template));
    },

    async patchTemplate(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const [{ accountId }, id] = [callerOf(request), idOf(request, 'templateId')];
      const patch = await readFields(request, TemplatePatch, patchCheck);
      if ((await templates.find(accountId, id)) === null) throw new AppError('not.found', 'this account has no such template');
      return reply.send(await details(accountId, await templates.set(accountId, id, patch)));
    },

    async addTemplateVersion(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const [{ accountId, actor }, id] = [callerOf(request), idOf(request, 'templateId')];
      const given = await readFields(request, NewTemplateVersion, versionCheck);
      return reply.send(shownVersion(await templates.addVersion(accountId, id, { ...given, by: nameOf(actor) })));
    },

    async approveTemplateVersion(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const [{ accountId, actor }, id, version] = [callerOf(request), idOf(request, 'templateId'), idOf(request, 'version')];
      return reply.send(shownVersion(await templates.approveVersion(accountId, id, version, nameOf(actor))));
    },

    async archiveTemplateVersion(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const [{ accountId }, id, version] = [callerOf(request), idOf(request, 'templateId'), idOf(request, 'version')];
      return reply.send(shownVersion(await templates.archiveVersion(accountId, id, version)));
    },
  };
}

const nameOf = (actor: Actor): string => ('id' in actor ? `${actor.kind}:${actor.id}` : actor.kind);

function shown({ accountId: _, routes, senderIds, variables, ...template }: ListedTemplate): ShownTemplate {
  return { ...template, routes: [...routes], senderIds: [...senderIds], variables: [...variables] };
}

function shownVersion({ createdAt, approvedAt, variables, ...version }: TemplateVersion): ShownVersion {
  return {
    ...version,
    variables: [...variables],
    createdAt: createdAt.toISOString(),
    approvedAt: approvedAt?.toISOString() ?? null,
  };
}
