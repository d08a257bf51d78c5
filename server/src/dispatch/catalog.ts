import { CAPABILITIES } from '@soroka/channels';
import type { Accounts, QuietHours } from '../accounts/accounts.ts';
import type { Connection, Connections, Sender } from '../connections/connections.ts';
import type { ContactOfPhone, Contacts } from '../contacts/contacts.ts';
import { AppError } from '../platform/errors.ts';
import type { Template, Templates } from '../templates/templates.ts';
import type { Backlog } from './backlog.ts';
import type { NewNotification } from './contract.ts';
import type { LaneDirectory } from './lane-directory.ts';

export const TEXT_CHARACTERS_MAX = 2_048; // docs.devino.online/en/http/vk_ok

export interface CatalogParts {
  accounts: Pick<Accounts, 'urls' | 'quietHours'>;
  connections: Pick<Connections, 'senderByName' | 'senders'>;
  /** A few seconds old at most. */
  connection(connectionId: number): Promise<Connection | null>;
  templates: Pick<Templates, 'byId' | 'byName'>;
  contacts: Pick<Contacts, 'byPhones'>;
  lanes: LaneDirectory;
  backlog: Pick<Backlog, 'refresh'>;
}

/** Everything of one account that the checks of some notifications need. */
export interface Catalog {
  defaultStatusUrl: string | null;
  quietHours: QuietHours | null;
  senders: ReadonlyMap<string, Sender | null>;
  templatesById: ReadonlyMap<number, Template | null>;
  templatesByName: ReadonlyMap<string, Template | null>;
  contacts: ReadonlyMap<string, ContactOfPhone>;
  /** By the id of the connection. */
  textCharactersMax: ReadonlyMap<number, number>;
}

/** Reads it once for all of them. Throws `service.not.found` where the account has no sender at all. */
export async function readCatalog(parts: CatalogParts, accountId: number, items: readonly NewNotification[]): Promise<Catalog> {
  const lookUp = async <Key, Value>(
    keys: Iterable<Key | undefined>,
    read: (key: Key) => Promise<Value>,
  ): Promise<ReadonlyMap<Key, Value>> => {
    const unique = [...new Set(keys)].filter((key) => key !== undefined) as Key[];
    return new Map(await Promise.all(unique.map(async (key) => [key, await read(key)] as const)));
  };
  const needsDefaultUrl = items.some((item) => item.statusUrl === undefined);
  const [urls, quietHours, senders, templatesById, templatesByName, contacts] = await Promise.all([
    needsDefaultUrl ? parts.accounts.urls(accountId) : null,
    parts.accounts.quietHours(accountId),
    lookUp(
      items.map((item) => item.service),
      (name) => parts.connections.senderByName(accountId, name),
    ),
    lookUp(
      items.map((item) => item.templateId),
      (id) => parts.templates.byId(accountId, id),
    ),
    lookUp(
      items.map((item) => item.tmpl),
      (name) => parts.templates.byName(accountId, name),
    ),
    parts.contacts.byPhones(null, accountId, [...new Set(items.map((item) => item.phone))]),
  ]);
  if (
    items.length > 0 &&
    [...senders.values()].every((sender) => sender === null) &&
    (await parts.connections.senders(accountId)).length === 0
  ) {
    throw new AppError('service.not.found', 'this account has no approved sender', { field: 'service' });
  }
  const routes = [...senders.values()].flatMap((sender) => sender?.routes ?? []);
  await parts.lanes.ensure(routes);
  await parts.backlog.refresh(routes);
  const textCharactersMax = await lookUp(
    routes.map(({ connectionId }) => connectionId),
    async (id) => textMaxOf(await parts.connection(id)),
  );
  return {
    defaultStatusUrl: urls?.statusUrl ?? null,
    quietHours,
    senders,
    templatesById,
    templatesByName,
    contacts,
    textCharactersMax,
  };
}

function textMaxOf(connection: Connection | null): number {
  if (connection === null) return TEXT_CHARACTERS_MAX;
  return connection.settings.textCharactersMax ?? CAPABILITIES[connection.kind].textCharactersMax;
}
