import type { MessageItem } from '../dialogs/dialogs.ts';

/** A page of a dialog that is read without us: no script, no picture, nothing from elsewhere. */
export interface ExportPage {
  head(dialog: { channel: string; groupId: string }): string;
  line(line: MessageItem): string;
  foot: string;
}

const STYLE = `
:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}
ol{list-style:none;padding:0}li{margin:.75rem 0;padding:.5rem .75rem;border-inline-start:.25rem solid #888;white-space:pre-wrap;overflow-wrap:anywhere}
li.out{border-color:#2d7ff9}li.note{border-color:#d9a300}small{display:block;opacity:.75}`;

const WHO: Readonly<Record<MessageItem['source'], string>> = {
  person: 'Person',
  bot: 'Bot',
  operator: 'Operator',
  notification: 'Notification',
};

export const EXPORT_PAGE: ExportPage = {
  head: ({ channel, groupId }) =>
    `<!doctype html><html><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(`${channel} ${groupId}`)}</title><style>${STYLE}</style></head><body><h1>${escapeHtml(`${channel} ${groupId}`)}</h1><ol>\n`,
  line({ kind, source, direction, author, operatorId, text, attachments, createdAt, editedAt, deletedAt, status }) {
    const who = author?.name ?? (operatorId === null ? WHO[source] : `${WHO[source]} ${operatorId}`);
    const facts = [
      createdAt.toISOString(),
      who,
      ...(kind === 'message' ? [] : [kind]),
      ...(status === null ? [] : [status]),
      ...(editedAt === null ? [] : [`edited ${editedAt.toISOString()}`]),
      ...(deletedAt === null ? [] : [`taken back ${deletedAt.toISOString()}`]),
      ...attachments.map(({ kind: of, name, fileId }) => `${of}: ${name}${fileId === null ? '' : ` (file ${fileId})`}`),
    ];
    const name = kind === 'note' ? 'note' : direction;
    return `<li class="${name}"><small>${escapeHtml(facts.join(' · '))}</small>${escapeHtml(text)}</li>\n`;
  },
  foot: '</ol></body></html>\n',
};

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (sign) => ENTITIES[sign] as string);
}
