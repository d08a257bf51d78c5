import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Dispatch } from '../dispatch/dispatch.ts';
import { callerOf } from './auth.ts';
import { forecastAnswer } from './forecast-answers.ts';
import { inOrder, type ReadSendRequest } from './send-request.ts';

export interface ForecastRoutesParts {
  dispatch: Pick<Dispatch, 'rehearse'>;
  read: ReadSendRequest;
}

/** Handler of /v1/forecast by the id of its operation. */
export function createForecastRoutes({ dispatch, read }: ForecastRoutesParts) {
  return {
    async forecast(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { accountId } = callerOf(request);
      const { checked, notifications } = await read(request, accountId);
      return reply.send(forecastAnswer(inOrder(checked, await dispatch.rehearse(accountId, notifications))));
    },
  };
}
