import { CancelRequest } from '@soroka/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Compile } from 'typebox/compile';
import type { Cancelled, Dispatch } from '../dispatch/dispatch.ts';
import { AppError } from '../platform/errors.ts';
import { callerOf } from './auth.ts';
import { readObject } from './json-object.ts';
import { mobileNumber } from './phone.ts';
import { invalid } from './query.ts';

const check = Compile(CancelRequest);

export interface CancelRoutesParts {
  dispatch: Pick<Dispatch, 'cancelAll' | 'cancelOfKey' | 'cancelOfPhone'>;
}

/** Handler of /v1/messages/cancel by the id of its operation. */
export function createCancelRoutes({ dispatch }: CancelRoutesParts) {
  const cancel = (accountId: number, { messageIds, idempotencyKey, phone }: CancelRequest): Promise<Cancelled | null> => {
    if (messageIds !== undefined) return dispatch.cancelAll(accountId, messageIds);
    if (idempotencyKey !== undefined) return dispatch.cancelOfKey(accountId, idempotencyKey);
    const digits = mobileNumber(phone ?? '');
    if (digits === null) throw invalid('phone', 'this is no possible mobile number');
    return dispatch.cancelOfPhone(accountId, digits);
  };

  return {
    async cancelMessages(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const cancelled = await cancel(callerOf(request).accountId, await readObject(request, CancelRequest, check));
      if (cancelled === null)
        throw new AppError('not.found', 'no request with this Idempotency-Key took a message within 24 hours', {
          field: 'idempotencyKey',
        });
      return reply.send(cancelled);
    },
  };
}
