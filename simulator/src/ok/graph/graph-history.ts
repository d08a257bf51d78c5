import { type OkResult, type Refused, refuse, respond } from '../ok-errors.ts';
import { bodyOf, systemFieldsOf } from '../ok-events.ts';
import { contentOf, groupOf, type Line, linesOf } from '../places.ts';
import { askedChat, type GraphCall, type GraphRoute } from './graph-call.ts';

/** The newest bound of the history, and its usual length, as documented. */
const NEWEST = 9_223_372_036_854_775_807n;
const COUNT_DEFAULT = 50;

function history(call: GraphCall): OkResult {
  const chat = askedChat(call);
  if (!chat.ok) return chat;
  const { historyCountMax, historyOfDeleted } = call.network.settings.values;
  const bounds = readBounds(call.query, historyCountMax);
  if (!bounds.ok) return bounds;
  const isDeletedAsked = call.query['include_deleted'] === 'true';
  if (isDeletedAsked && historyOfDeleted === 'refused')
    return refuse('PERMISSION_DENIED', 'include_deleted needs a special permission');
  const lines = linesOf(chat.place)
    .filter((line) => isDeletedAsked || !contentOf(line).deleted)
    .filter(({ time }) => BigInt(time) <= bounds.from && BigInt(time) >= bounds.to)
    .toReversed();
  return respond({ messages: lines.flatMap((line) => shown(line) ?? []).slice(0, bounds.count) });
}

/** A line of the history, in the form of the events. System lines come with their sub-type; some have none. */
function shown(line: Line): object | null {
  const content = contentOf(line);
  const body = bodyOf(line);
  // [?] How a deleted message looks is not documented.
  if (content.deleted) return { ...body, deleted: true };
  const action = 'action' in content ? content.action : null;
  if (action === null) return body;
  const fields = systemFieldsOf(action, line.author, groupOf(line.place));
  return fields === null ? null : { ...fields, ...body };
}

function readBounds(
  query: Readonly<Record<string, string>>,
  countMax: number,
): { ok: true; from: bigint; to: bigint; count: number } | Refused {
  const { from = '', to = '', count = '' } = query;
  if (![from, to, count].every((text) => /^\d{0,19}$/.test(text))) return refuse('PARAM', 'from, to and count should be numbers');
  const bounds = {
    from: from === '' ? NEWEST : BigInt(from),
    to: BigInt(to),
    count: Math.min(Number(count) || COUNT_DEFAULT, countMax),
  };
  return bounds.from > bounds.to ? { ok: true, ...bounds } : refuse('PARAM', 'from should be greater than to');
}

/** What was said in a chat. Source: contracts/ok.md 3. */
export const HISTORY_ROUTES: readonly GraphRoute[] = [
  { verb: 'GET', pattern: 'me/messages', run: history },
  { verb: 'GET', pattern: 'me/messages/{chat}', run: history },
  { verb: 'GET', pattern: '{chat}/messages', run: history },
];
