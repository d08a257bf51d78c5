import { NewSegment, SegmentPatch, SegmentQuestion } from '@soroka/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Compile } from 'typebox/compile';
import type { Contacts, Segment, SegmentDefinition } from '../contacts/contacts.ts';
import { AppError } from '../platform/errors.ts';
import { callerOf } from './auth.ts';
import { readFields } from './operator-body.ts';
import { idOf, invalid } from './query.ts';

const newCheck = Compile(NewSegment);
const patchCheck = Compile(SegmentPatch);
const questionCheck = Compile(SegmentQuestion);

export interface SegmentRoutesParts {
  contacts: Pick<Contacts, 'segments'>;
}

/** Handlers of /v1/segments by the ids of their operations. */
export function createSegmentRoutes({ contacts: { segments } }: SegmentRoutesParts) {
  const found = async (request: FastifyRequest): Promise<Segment> => {
    const segment = await segments.get(callerOf(request).accountId, idOf(request, 'segmentId'));
    if (segment === null) throw new AppError('not.found', 'this account has no such segment');
    return segment;
  };

  return {
    async listSegments(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      return reply.send({ items: await segments.list(callerOf(request).accountId), nextCursor: null });
    },
    async addSegment(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { name, definition } = await readFields(request, NewSegment, newCheck);
      const segment = { name: checkedName(name), definition: checkedDefinition(definition) };
      return reply.send(await segments.add(callerOf(request).accountId, segment));
    },
    async askSegment(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { definition } = await readFields(request, SegmentQuestion, questionCheck);
      return reply.send(await segments.size(callerOf(request).accountId, checkedDefinition(definition)));
    },
    async getSegment(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      return reply.send(await found(request));
    },
    async getSegmentSize(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      return reply.send(await segments.size(callerOf(request).accountId, (await found(request)).definition));
    },
    async patchSegment(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const id = idOf(request, 'segmentId');
      const { name, definition } = await readFields(request, SegmentPatch, patchCheck);
      const change = {
        ...(name !== undefined && { name: checkedName(name) }),
        ...(definition !== undefined && { definition: checkedDefinition(definition) }),
      };
      return reply.send(await segments.change(callerOf(request).accountId, id, change));
    },
    async removeSegment(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      if (!(await segments.remove(callerOf(request).accountId, idOf(request, 'segmentId'))))
        throw new AppError('not.found', 'this account has no such segment');
      return reply.send({ removed: 1 });
    },
  };
}

function checkedName(name: string): string {
  const own = name.trim();
  if (own === '') throw invalid('name', 'must not be empty');
  return own;
}

/** Throws `parameter.invalid` for a test of a variable that lacks its value. */
export function checkedDefinition(definition: SegmentDefinition): SegmentDefinition {
  for (const [index, { is, value }] of (definition.variables ?? []).entries()) {
    const needsValue = is !== 'present' && is !== 'absent';
    if (needsValue === (value !== undefined)) continue;
    throw invalid(`definition.variables[${index}].value`, needsValue ? `must be given with ${is}` : `means nothing with ${is}`);
  }
  return definition;
}
