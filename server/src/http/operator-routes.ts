import {
  NewInvitation,
  NewOperator,
  NewTeam,
  OperatorPatch,
  type Operator as OperatorShown,
  SecurityPolicy,
  TeamPatch,
} from '@soroka/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Compile } from 'typebox/compile';
import type { Audit } from '../audit/audit.ts';
import type { Operator, Operators } from '../operators/operators.ts';
import { AppError } from '../platform/errors.ts';
import { callerOf, managerOf } from './auth.ts';
import { readFields } from './operator-body.ts';
import { idOf, invalid, readCursor, readLimit, readQuery } from './query.ts';

const newOperatorCheck = Compile(NewOperator);
const operatorCheck = Compile(OperatorPatch);
const newTeamCheck = Compile(NewTeam);
const teamCheck = Compile(TeamPatch);
const newInvitationCheck = Compile(NewInvitation);
const securityCheck = Compile(SecurityPolicy);

export interface OperatorRoutesParts {
  operators: Pick<Operators, 'staff' | 'teams' | 'invitations' | 'secondFactor'>;
  audit: Pick<Audit, 'list'>;
}

/** Handlers of the people of an account, by the ids of their operations. */
export function createOperatorRoutes({ operators, audit }: OperatorRoutesParts) {
  const { staff, teams, invitations, secondFactor } = operators;

  const show = (request: FastifyRequest, reply: FastifyReply, operator: Operator): FastifyReply =>
    reply.send(shownOperator(operator, callerOf(request).rights.has('staff')));

  return {
    async listOperators(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { accountId, rights } = callerOf(request);
      const all = await staff.list(accountId);
      return reply.send({ items: all.map((operator) => shownOperator(operator, rights.has('staff'))), nextCursor: null });
    },

    async addOperator(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const given = await readFields(request, NewOperator, newOperatorCheck);
      return show(request, reply, await staff.add(callerOf(request).accountId, managerOf(request), given));
    },

    async getOperator(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const operator = await staff.get(callerOf(request).accountId, idOf(request, 'operatorId'));
      if (operator === null) throw new AppError('not.found', 'this account has no such operator');
      return show(request, reply, operator);
    },

    async patchOperator(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const [{ accountId }, manager, operatorId] = [callerOf(request), managerOf(request), idOf(request, 'operatorId')];
      const { password, hasSecondFactor, ...change } = await readFields(request, OperatorPatch, operatorCheck);
      // Also where nothing of the row itself changes: it says whether the operator is one that the caller may change.
      let operator = await staff.change(accountId, manager, operatorId, change);
      if (password !== undefined) await staff.setPassword(accountId, manager, operatorId, { password });
      if (hasSecondFactor === false) {
        await secondFactor.remove({ accountId, operatorId }, manager);
        operator = { ...operator, hasSecondFactor };
      }
      return show(request, reply, operator);
    },

    async removeOperator(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      await staff.remove(callerOf(request).accountId, managerOf(request), idOf(request, 'operatorId'));
      return reply.send({ removed: 1 });
    },

    async listTeams(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      return reply.send({ items: await teams.list(callerOf(request).accountId), nextCursor: null });
    },

    async addTeam(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { name, operatorIds = [] } = await readFields(request, NewTeam, newTeamCheck);
      return reply.send(await teams.add(callerOf(request).accountId, managerOf(request), { name, operatorIds }));
    },

    async patchTeam(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const id = idOf(request, 'teamId');
      const change = await readFields(request, TeamPatch, teamCheck);
      return reply.send(await teams.change(callerOf(request).accountId, managerOf(request), id, change));
    },

    async removeTeam(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      await teams.remove(callerOf(request).accountId, managerOf(request), idOf(request, 'teamId'));
      return reply.send({ removed: 1 });
    },

    async listInvitations(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      return reply.send({ items: await invitations.list(callerOf(request).accountId), nextCursor: null });
    },

    async addInvitation(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const given = await readFields(request, NewInvitation, newInvitationCheck);
      return reply.send(await invitations.add(callerOf(request).accountId, managerOf(request), given));
    },

    async removeInvitation(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      await invitations.remove(callerOf(request).accountId, managerOf(request), idOf(request, 'invitationId'));
      return reply.send({ removed: 1 });
    },

    async getSecurity(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      return reply.send(await staff.policy(callerOf(request).accountId));
    },

    async patchSecurity(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const policy = await readFields(request, SecurityPolicy, securityCheck);
      await staff.setPolicy(callerOf(request).accountId, managerOf(request), policy);
      return reply.send(policy);
    },

    async listAudit(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { limit, cursor } = readQuery(request.query, ['limit', 'cursor']);
      const before = readBefore(readCursor(cursor).cursor);
      const { items, nextNumber } = await audit.list(callerOf(request).accountId, { limit: readLimit(limit), ...before });
      return reply.send({ items, nextCursor: nextNumber === null ? null : String(nextNumber) });
    },
  };
}

/** Without the account, which every caller knows, and without what only who manages operators is shown. */
export function shownOperator(
  { accountId: _, login, hasSecondFactor, disabledAt, createdAt, groups, ...operator }: Operator,
  toManager: boolean,
): OperatorShown {
  return {
    ...operator,
    groups: groups === null ? null : [...groups],
    ...(toManager && { login: login ?? '', hasSecondFactor }),
    disabledAt: disabledAt?.toISOString() ?? null,
    createdAt: createdAt.toISOString(),
  };
}

function readBefore(cursor: string | undefined): { before?: number } {
  if (cursor === undefined) return {};
  if (!/^\d{1,15}$/.test(cursor)) throw invalid('cursor', 'give nextCursor of the page before, unchanged');
  return { before: Number(cursor) };
}
