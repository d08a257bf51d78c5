import { CALLBACK_SECRET_KEEP_HOURS, CallbackSecretRotation, SEND_LIMITS } from '@soroka/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Compile } from 'typebox/compile';
import type { Accounts } from '../accounts/accounts.ts';
import type { Clock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';
import { callerOf } from './auth.ts';
import { invalid } from './query.ts';
import { parseBody, readBody, requireJson } from './request-body.ts';

const BODY_BYTES_MAX = 64 * 1024;
const HOUR_MS = 3_600_000;
const rotationCheck = Compile(CallbackSecretRotation);

export interface SecretRoutesParts {
  accounts: Pick<Accounts, 'signingSecrets' | 'rotateCallbackSecret'>;
  clock: Clock;
}

/** Handlers of /v1/account/callback-secret by the ids of their operations. */
export function createSecretRoutes({ accounts, clock }: SecretRoutesParts) {
  return {
    async rotateCallbackSecret(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { accountId } = callerOf(request);
      const keepOldForHours = await readKeepOldForHours(request);
      // A third secret would end the first, which receivers may still check by: also where a rotation is only sent twice.
      if (keepOldForHours > 0 && (await accounts.signingSecrets(accountId)).length > 1)
        throw new AppError('rotation.running', 'the secret was changed before, and the old one still signs');
      const { callbackSecret } = await accounts.rotateCallbackSecret(accountId, { keepOldForHours });
      const oldSignsUntil = keepOldForHours === 0 ? null : new Date(clock.now() + keepOldForHours * HOUR_MS);
      return reply.send({ callbackSecret, oldSignsUntil });
    },
  };
}

/** Of the body; the default where there is none. */
async function readKeepOldForHours(request: FastifyRequest): Promise<number> {
  const bytes = await readBody(request.raw, BODY_BYTES_MAX);
  if (bytes.length === 0) return CALLBACK_SECRET_KEEP_HOURS.default;
  requireJson(request.headers);
  const { value } = parseBody(bytes, SEND_LIMITS.jsonDepthMax);
  if (!rotationCheck.Check(value))
    throw invalid(
      'keepOldForHours',
      `must be a whole number of hours from 0 to ${CALLBACK_SECRET_KEEP_HOURS.max}, and the only field`,
    );
  return value.keepOldForHours ?? CALLBACK_SECRET_KEEP_HOURS.default;
}
