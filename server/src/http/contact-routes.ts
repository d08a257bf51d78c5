import {
  ConsentChange,
  type ConsentEntry as ConsentShown,
  ContactMerge,
  ContactPatch,
  type Contact as ContactShown,
  NewContact,
} from '@soroka/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Compile } from 'typebox/compile';
import type { ConsentEntry, Contact, Contacts, DialogMover } from '../contacts/contacts.ts';
import { AppError } from '../platform/errors.ts';
import { callerOf } from './auth.ts';
import { pageOf, readBeforeId } from './id-pages.ts';
import { readFields } from './operator-body.ts';
import { mobileNumber } from './phone.ts';
import { idOf, invalid, readCursor, readFlag, readLimit, readQuery } from './query.ts';

const newContactCheck = Compile(NewContact);
const contactCheck = Compile(ContactPatch);
const consentCheck = Compile(ConsentChange);
const mergeCheck = Compile(ContactMerge);

const QUERY_CHARACTERS_MAX = 100;
const CSV_BYTES_MAX = 64 * 1024 * 1024;

export interface ContactRoutesParts {
  contacts: Pick<
    Contacts,
    'list' | 'get' | 'add' | 'change' | 'importCsv' | 'setConsent' | 'consentLog' | 'merge' | 'merges' | 'unmerge'
  >;
  dialogs: DialogMover;
}

/** Handlers of /v1/contacts by the ids of their operations. */
export function createContactRoutes({ contacts, dialogs }: ContactRoutesParts) {
  const found = async (request: FastifyRequest): Promise<Contact> => {
    const contact = await contacts.get(callerOf(request).accountId, idOf(request, 'contactId'));
    if (contact === null) throw new AppError('not.found', 'this account has no such contact');
    return contact;
  };

  return {
    async listContacts(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const given = readQuery(request.query, ['query', 'label', 'optedOut', 'limit', 'cursor']);
      const query = given.query?.trim();
      if (query !== undefined && (query === '' || query.length > QUERY_CHARACTERS_MAX))
        throw invalid('query', `give 1 to ${QUERY_CHARACTERS_MAX} characters`);
      const limit = readLimit(given.limit);
      const rows = await contacts.list(callerOf(request).accountId, {
        ...(query !== undefined && { query }),
        ...(given.label !== undefined && { label: given.label }),
        ...(given.optedOut !== undefined && { optedOut: readFlag('optedOut', given.optedOut) }),
        ...{ beforeId: readBeforeId(readCursor(given.cursor).cursor), limit },
      });
      return reply.send(pageOf(rows, limit, shownContact));
    },

    async addContact(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { phone: written, ...given } = await readFields(request, NewContact, newContactCheck);
      const phone = written === undefined ? undefined : checkedPhone(written);
      const contact = await contacts.add(callerOf(request).accountId, { ...given, ...(phone !== undefined && { phone }) });
      return reply.send(shownContact(contact));
    },

    async importContacts(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const given = readQuery(request.query, ['dryRun', 'consent']);
      const dryRun = readFlag('dryRun', given.dryRun);
      requireCsv(request);
      const consent = given.consent?.trim() || undefined;
      const options = { dryRun, consent, phoneOf: mobileNumber };
      const result = await contacts.importCsv(callerOf(request).accountId, request.raw, options);
      return reply.send({ dryRun, ...result });
    },

    async getContact(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      return reply.send(shownContact(await found(request)));
    },

    async patchContact(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const id = idOf(request, 'contactId');
      const { phone: written, ...given } = await readFields(request, ContactPatch, contactCheck);
      const phone = typeof written === 'string' ? checkedPhone(written) : written;
      const contact = await contacts.change(callerOf(request).accountId, id, { ...given, ...(phone !== undefined && { phone }) });
      return reply.send(shownContact(contact));
    },

    async setConsent(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const id = idOf(request, 'contactId');
      const { allowed, group, detail } = await readFields(request, ConsentChange, consentCheck);
      const scope = group === undefined ? 'account' : scopeOf(group);
      const consent = { scope, allowed, source: 'api', ...(detail !== undefined && { detail }) } as const;
      return reply.send(shownContact(await contacts.setConsent(callerOf(request).accountId, id, consent)));
    },

    async listConsent(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const given = readQuery(request.query, ['limit', 'cursor']);
      const [limit, beforeId] = [readLimit(given.limit), readBeforeId(readCursor(given.cursor).cursor)];
      const { id } = await found(request);
      const rows = await contacts.consentLog(callerOf(request).accountId, id, { beforeId, limit: limit + 1 });
      return reply.send(pageOf(rows, limit, shownConsent));
    },

    async mergeContacts(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const keptId = idOf(request, 'contactId');
      const { contactId: goneId } = await readFields(request, ContactMerge, mergeCheck);
      return reply.send(shownContact(await contacts.merge(callerOf(request).accountId, keptId, goneId, dialogs)));
    },

    async listMerges(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { id } = await found(request);
      return reply.send({ items: await contacts.merges(callerOf(request).accountId, id), nextCursor: null });
    },

    async undoMerge(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const mergeId = idOf(request, 'mergeId');
      return reply.send(shownContact(await contacts.unmerge(callerOf(request).accountId, mergeId, dialogs)));
    },
  };
}

function shownContact({ identities, groupOptOuts, optedOutAt, createdAt, ...contact }: Contact): ContactShown {
  return {
    ...contact,
    furtherPhones: [...contact.furtherPhones],
    labels: [...contact.labels],
    identities: [...identities],
    optedOutAt: optedOutAt?.toISOString() ?? null,
    groupOptOuts: groupOptOuts.map(({ network, groupId, at }) => ({ group: `${network.toUpperCase()}:${groupId}`, at })),
    createdAt: createdAt.toISOString(),
  };
}

function shownConsent({ network, groupId, at, ...entry }: ConsentEntry): ConsentShown {
  return { ...entry, group: network === null ? null : `${network.toUpperCase()}:${groupId}`, at: at.toISOString() };
}

function scopeOf(group: string): { network: 'vk' | 'ok'; groupId: string } {
  const [channel, groupId = ''] = group.split(':');
  return { network: channel === 'VK' ? 'vk' : 'ok', groupId };
}

function checkedPhone(written: string): string {
  const phone = mobileNumber(written);
  if (phone === null) throw invalid('phone', 'must be a possible mobile number, for example 79999999999');
  return phone;
}

function requireCsv({ headers }: FastifyRequest): void {
  const [type] = (headers['content-type'] ?? '').split(';');
  if (type?.trim().toLowerCase() !== 'text/csv') throw new AppError('content.type.invalid', 'Content-Type must be text/csv');
  if (Number(headers['content-length'] ?? 0) > CSV_BYTES_MAX)
    throw new AppError('request.too.large', `the body has more than ${CSV_BYTES_MAX} bytes: split the file`);
}
