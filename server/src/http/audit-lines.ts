import type { Operation } from '@soroka/api';
import type { preSerializationAsyncHookHandler } from 'fastify';
import type { Audit } from '../audit/audit.ts';

/**
 * Writes the line that a changing operation leaves in the audit log, once its change is done and before its answer goes out: who was
 * told that it is done finds it there. A line that cannot be written makes the answer an error. Null where the operation leaves none,
 * or its module writes it.
 */
export function auditLineOf(
  operationId: string,
  operation: Pick<Operation, 'method' | 'audit'>,
  audit: Pick<Audit, 'add'>,
): preSerializationAsyncHookHandler | null {
  const { method, audit: asked } = operation;
  if (method === 'GET' || asked === 'in its transaction' || asked === 'nothing') return null;
  const { action, object } = asked ?? { action: operationId, object: 'account' };
  return async (request, reply, payload) => {
    const { caller } = request;
    if (caller !== null && reply.statusCode < 400) {
      const known = { ...(payload as Record<string, unknown>), ...(request.params as Record<string, string>) };
      await audit.add({
        accountId: caller.accountId,
        actor: caller.actor,
        action,
        object: object.replaceAll(/\{([\w.]+)\}/g, (_, path: string) => String(at(known, path))),
        fields: [...(request.givenFields ?? [])].sort(),
      });
    }
    return payload;
  };
}

function at(value: Record<string, unknown>, path: string): unknown {
  return path.split('.').reduce<unknown>((within, name) => (within as Record<string, unknown> | undefined)?.[name], value);
}
