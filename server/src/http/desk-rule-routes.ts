import { DeskRulePatch, TeamRulePatch } from '@soroka/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Compile } from 'typebox/compile';
import type { Desk } from '../desk/desk.ts';
import { callerOf } from './auth.ts';
import { readFields } from './operator-body.ts';
import { idOf } from './query.ts';

const ruleCheck = Compile(DeskRulePatch);
const teamCheck = Compile(TeamRulePatch);

export interface DeskRuleRoutesParts {
  desk: Pick<Desk, 'rules'>;
}

/** Handlers of what the desk does by itself, by the ids of their operations. */
export function createDeskRuleRoutes({ desk: { rules } }: DeskRuleRoutesParts) {
  return {
    async listDeskRules(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      return reply.send({ items: await rules.list(callerOf(request).accountId), nextCursor: null });
    },

    async patchDeskRule(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { group = null, ...change } = await readFields(request, DeskRulePatch, ruleCheck);
      return reply.send(await rules.change(callerOf(request).accountId, group, change));
    },

    async getTeamRule(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      return reply.send(await rules.ofTeam(callerOf(request).accountId, idOf(request, 'teamId')));
    },

    async patchTeamRule(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const change = await readFields(request, TeamRulePatch, teamCheck);
      return reply.send(await rules.changeTeam(callerOf(request).accountId, idOf(request, 'teamId'), change));
    },
  };
}
