import type { Connections } from '../connections/connections.ts';
import type { Templates } from '../templates/templates.ts';

/**
 * The sender of each item of the older form, which has no field for it: the account's first sender that the item's
 * template is approved for, else its first sender, so that dispatch can say what is wrong with the template. Null where
 * the account has none. An item that names a service keeps it.
 */
export function createOlderFormSenders(parts: { connections: Pick<Connections, 'senders'>; templates: Pick<Templates, 'list'> }) {
  return async (accountId: number, items: readonly unknown[]): Promise<readonly (string | null)[]> => {
    const senders = [...(await parts.connections.senders(accountId))].sort((a, b) => a.id - b.id);
    const templates = new Map((await parts.templates.list(accountId)).map((template) => [template.id, template]));
    return items.map((item) => {
      const template = templates.get(Number((item as { templateId?: unknown } | null)?.templateId));
      const approved = senders.find((sender) => template?.senderIds.has(sender.id));
      return (approved ?? senders[0])?.name ?? null;
    });
  };
}
