import { CannedReplyPatch, LabelPatch, NewCannedReply, NewLabel } from '@soroka/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Compile } from 'typebox/compile';
import type { Desk } from '../desk/desk.ts';
import { callerOf } from './auth.ts';
import { readFields } from './operator-body.ts';
import { idOf } from './query.ts';

const newLabelCheck = Compile(NewLabel);
const labelCheck = Compile(LabelPatch);
const newReplyCheck = Compile(NewCannedReply);
const replyCheck = Compile(CannedReplyPatch);

export interface DeskCatalogRoutesParts {
  desk: Pick<Desk, 'labels' | 'canned'>;
}

/** Handlers of labels and canned replies, by the ids of their operations. */
export function createDeskCatalogRoutes({ desk: { labels, canned } }: DeskCatalogRoutesParts) {
  return {
    async listLabels(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      return reply.send({ items: await labels.list(callerOf(request).accountId), nextCursor: null });
    },

    async addLabel(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      return reply.send(await labels.add(callerOf(request).accountId, await readFields(request, NewLabel, newLabelCheck)));
    },

    async patchLabel(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const change = await readFields(request, LabelPatch, labelCheck);
      return reply.send(await labels.change(callerOf(request).accountId, idOf(request, 'labelId'), change));
    },

    async removeLabel(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      await labels.remove(callerOf(request).accountId, idOf(request, 'labelId'));
      return reply.send({ removed: 1 });
    },

    async listCannedReplies(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      return reply.send({ items: await canned.list(callerOf(request).accountId), nextCursor: null });
    },

    async addCannedReply(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const given = await readFields(request, NewCannedReply, newReplyCheck);
      return reply.send(await canned.add(callerOf(request).accountId, given));
    },

    async patchCannedReply(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const change = await readFields(request, CannedReplyPatch, replyCheck);
      return reply.send(await canned.change(callerOf(request).accountId, idOf(request, 'cannedReplyId'), change));
    },

    async removeCannedReply(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      await canned.remove(callerOf(request).accountId, idOf(request, 'cannedReplyId'));
      return reply.send({ removed: 1 });
    },

    async fillCannedReply(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { accountId, actor, groups } = callerOf(request);
      const asker = { accountId, actor, groups };
      return reply.send(await canned.fill(asker, idOf(request, 'dialogId'), idOf(request, 'cannedReplyId')));
    },
  };
}
