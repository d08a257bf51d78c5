import {
  DESK_FOLDERS,
  DESK_SORTS,
  DeskPatch,
  DraftChange,
  NewNote,
  OwnerChange,
  PresenceChange,
  ReadChange,
  Snooze,
} from '@soroka/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Compile } from 'typebox/compile';
import { type Asker, type Desk, type DeskListRequest, shownConversation } from '../desk/desk.ts';
import type { Events } from '../events/events.ts';
import { AppError } from '../platform/errors.ts';
import { callerOf } from './auth.ts';
import { isoTime } from './iso-time.ts';
import { readFields } from './operator-body.ts';
import { idOf, invalid, readCursor, readId, readLimit, readQuery } from './query.ts';

const patchCheck = Compile(DeskPatch);
const ownerCheck = Compile(OwnerChange);
const snoozeCheck = Compile(Snooze);
const noteCheck = Compile(NewNote);
const draftCheck = Compile(DraftChange);
const presenceCheck = Compile(PresenceChange);
const readCheck = Compile(ReadChange);

export interface DeskRoutesParts {
  desk: Pick<Desk, 'list' | 'moves' | 'sort' | 'notes' | 'drafts' | 'reading' | 'presence'>;
  events: Pick<Events, 'head'>;
}

/** Handlers of what is done about dialogs, by the ids of their operations. */
export function createDeskRoutes({ desk, events }: DeskRoutesParts) {
  const show = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const item = await desk.list.get({ ...viewerOf(request), dialogId: idOf(request, 'dialogId') });
    if (item === null) throw new AppError('not.found', 'this account has no such dialog');
    const { conversation } = item;
    return reply.send({ ...item, conversation: conversation === null ? null : shownConversation(conversation) });
  };
  /** A change of the dialog in the path, and how it is afterwards. */
  const changing =
    (change: (request: FastifyRequest, asker: Asker, dialogId: number) => Promise<unknown>) =>
    async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
      await change(request, askerOf(request), idOf(request, 'dialogId'));
      return show(request, reply);
    };

  return {
    async listDesk(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const viewer = viewerOf(request);
      const asked = listRequestOf(request.query);
      // Before the list: what happens in between is in the list, and told again.
      const asOf = await events.head(viewer.accountId);
      const { items, nextCursor } = await desk.list.list({ ...viewer, ...asked });
      const shown = items.map((item) => ({ ...item, conversation: shownConversation(item.conversation) }));
      return reply.send({ items: shown, nextCursor, asOf });
    },

    async countDesk(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      readQuery(request.query, []);
      const viewer = viewerOf(request);
      const asOf = await events.head(viewer.accountId);
      return reply.send({ ...(await desk.list.counts(viewer)), asOf });
    },

    getDeskDialog: show,

    patchDeskDialog: changing(async (request, asker, dialogId) =>
      desk.sort(asker, dialogId, await readFields(request, DeskPatch, patchCheck)),
    ),

    async listConversations(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const viewer = viewerOf(request);
      const item = await desk.list.get({ ...viewer, dialogId: idOf(request, 'dialogId') });
      if (item === null) throw new AppError('not.found', 'this account has no such dialog');
      const conversations = await desk.list.conversations(viewer.accountId, item.dialog.id);
      return reply.send({ items: conversations.map(shownConversation), nextCursor: null });
    },

    changeDialogOwner: changing(async (request, asker, dialogId) =>
      desk.moves.changeOwner(asker, dialogId, await readFields(request, OwnerChange, ownerCheck)),
    ),
    closeDialog: changing((_, asker, dialogId) => desk.moves.close(asker, dialogId)),
    reopenDialog: changing((_, asker, dialogId) => desk.moves.reopen(asker, dialogId)),
    snoozeDialog: changing(async (request, asker, dialogId) => {
      const until = isoTime((await readFields(request, Snooze, snoozeCheck)).until);
      if (until === null) throw invalid('until', 'must be an ISO 8601 time with its zone');
      return desk.moves.snooze(asker, dialogId, new Date(until));
    }),
    wakeDialog: changing((_, asker, dialogId) => desk.moves.snooze(asker, dialogId, null)),

    async addNote(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { text, mentions = [] } = await readFields(request, NewNote, noteCheck);
      return reply.send(await desk.notes.add(askerOf(request), idOf(request, 'dialogId'), { text, mentions }));
    },

    async getDraft(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      return reply.send(await desk.drafts.get(operatorOf(request), idOf(request, 'dialogId')));
    },

    async changeDraft(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { text } = await readFields(request, DraftChange, draftCheck);
      return reply.send(await desk.drafts.set(operatorOf(request), idOf(request, 'dialogId'), text));
    },

    async showPresence(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { state } = await readFields(request, PresenceChange, presenceCheck);
      return reply.send({ others: await desk.presence.show(operatorOf(request), idOf(request, 'dialogId'), state) });
    },

    async readDialog(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { upTo } = await readFields(request, ReadChange, readCheck);
      return reply.send(await desk.reading.readUpTo(operatorOf(request), idOf(request, 'dialogId'), upTo));
    },
  };
}

function askerOf(request: FastifyRequest): Asker {
  const { accountId, actor, groups } = callerOf(request);
  return { accountId, actor, groups };
}

/** Throws `operator.needed`. */
function operatorOf(request: FastifyRequest): Asker & { operatorId: number } {
  const { session } = callerOf(request);
  if (session === null) throw new AppError('operator.needed', 'a key reads nothing and begins to write nothing');
  return { ...askerOf(request), operatorId: session.operatorId };
}

function viewerOf(request: FastifyRequest): Pick<DeskListRequest, 'accountId' | 'operatorId' | 'groups'> {
  const { accountId, groups, session } = callerOf(request);
  return { accountId, groups, operatorId: session?.operatorId ?? null };
}

const QUERY = ['folder', 'sort', 'group', 'labelId', 'owner', 'teamId', 'limit', 'cursor'] as const;

function listRequestOf(query: unknown): Omit<DeskListRequest, 'accountId' | 'operatorId' | 'groups'> {
  const { folder, sort, group, labelId, owner, teamId, limit, cursor } = readQuery(query, QUERY);
  const id = (name: string, text: string | undefined) => (text === undefined ? {} : { [name]: existing(name, text) });
  return {
    folder: oneOf('folder', folder ?? 'open', DESK_FOLDERS),
    sort: oneOf('sort', sort ?? 'waiting', DESK_SORTS),
    limit: readLimit(limit),
    ...readCursor(cursor),
    ...(group !== undefined && { group }),
    ...id('labelId', labelId),
    ...id('teamId', teamId),
    ...(owner === '0' ? { owner: 0 } : id('owner', owner)),
  };
}

function oneOf<Value extends string>(field: string, text: string, values: readonly Value[]): Value {
  const value = values.find((candidate) => candidate === text);
  if (value === undefined) throw invalid(field, `must be one of ${values.join(', ')}`);
  return value;
}

/** Nothing has an id with so many digits: then nothing is found. */
const existing = (field: string, text: string): number => readId(field, text) ?? Number.MAX_SAFE_INTEGER;
