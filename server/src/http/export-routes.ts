import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Dialogs, MessageItem, PeerPlace } from '../dialogs/dialogs.ts';
import { AppError } from '../platform/errors.ts';
import { callerOf } from './auth.ts';
import { EXPORT_PAGE } from './export-page.ts';
import { invalid, readId, readQuery } from './query.ts';

export interface ExportRoutesParts {
  dialogs: Pick<Dialogs, 'place' | 'linesAfter'>;
}

const PAGE = 500;
const FORMS = { html: 'text/html; charset=utf-8', json: 'application/json; charset=utf-8' } as const;
type Form = keyof typeof FORMS;

/** Handler of /v1/dialogs/{dialogId}/export by the id of its operation. */
export function createExportRoutes({ dialogs }: ExportRoutesParts) {
  /** Oldest first; a page at a time, however long the dialog is. */
  async function* linesOf({ dialogId }: PeerPlace): AsyncGenerator<MessageItem> {
    let after: number | null = null;
    for (;;) {
      const lines: readonly MessageItem[] = await dialogs.linesAfter(dialogId, after, PAGE);
      yield* lines;
      const last = lines.at(-1);
      if (last === undefined || lines.length < PAGE) return;
      after = last.sequence;
    }
  }

  async function* asPage(place: PeerPlace): AsyncGenerator<string> {
    yield EXPORT_PAGE.head({ channel: place.network.toUpperCase(), groupId: place.groupId });
    for await (const line of linesOf(place)) yield EXPORT_PAGE.line(line);
    yield EXPORT_PAGE.foot;
  }

  async function* asJson(place: PeerPlace): AsyncGenerator<string> {
    const { dialogId, network, groupId } = place;
    const head = JSON.stringify({ dialogId, channel: network.toUpperCase(), groupId });
    yield `${head.slice(0, -1)},"messages":[`;
    let separator = '\n';
    for await (const line of linesOf(place)) {
      yield separator + JSON.stringify(line);
      separator = ',\n';
    }
    yield '\n]}\n';
  }

  return {
    async exportDialog(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { form = 'html' } = readQuery(request.query, ['form']);
      if (!isForm(form)) throw invalid('form', 'must be html or json');
      const { accountId, groups } = callerOf(request);
      const dialogId = readId('dialogId', (request.params as { dialogId: string }).dialogId);
      const place = dialogId === null ? null : await dialogs.place(accountId, dialogId, groups);
      if (place === null) throw new AppError('not.found', 'this account has no such dialog');
      reply.headers({
        'Content-Type': FORMS[form],
        'Content-Disposition': `attachment; filename="dialog-${place.dialogId}.${form}"`,
        'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'",
      });
      return reply.send(Readable.from(form === 'html' ? asPage(place) : asJson(place)));
    },
  };
}

function isForm(form: string): form is Form {
  return Object.hasOwn(FORMS, form);
}
