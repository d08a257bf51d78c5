import { CAPABILITIES } from '@soroka/channels';
import type { Sender } from '../../connections/connections.ts';
import type { AcceptResult } from '../contract.ts';
import { WALL_START } from './process.ts';
import {
  DAY_MS,
  MIDNIGHT_AT_MS,
  type Scenario,
  type SimulatedItem,
  type SimulatedPerson,
  type SimulatedRequest,
} from './scenario.ts';
import type { MessageRow, Tables } from './store/tables.ts';

/** The invariants of what customers were told (reliability 2.1): accepted, repeated, cancelled, paused, not before. */
export interface CustomerWatch {
  /** Once more, where it was asked before. */
  asked(request: SimulatedRequest): void;
  answered(request: SimulatedRequest, result: AcceptResult): void;
  /** Committed. */
  stored(row: MessageRow): void;
  cancelled(messageIds: readonly number[]): void;
  /** Of a sender: nothing that is stored now may be claimed from the answer to a pause on, until it is asked to go on. */
  paused(senderId: number, storedBefore: ReadonlySet<number>): void;
  resumed(senderId: number): void;
  claimed(row: MessageRow): void;
  /** `atMs` by the clock of its process, in milliseconds since the beginning. */
  launched(row: MessageRow, atMs: number): void;
  personOf(row: MessageRow): SimulatedPerson;
  ended(): void;
}

const WINDOW_MS = DAY_MS / 2; // see FROM_MIDNIGHT
const TEXT_MAX = Math.max(...Object.values(CAPABILITIES).map(({ textCharactersMax }) => textCharactersMax));

interface Asked {
  request: SimulatedRequest;
  item: SimulatedItem;
  storedAs: number[];
  /** What an answer said; null: refused. */
  answeredAs?: number | null;
}

export function createCustomerWatch(parts: {
  scenario: Scenario;
  tables: Tables;
  violated(rule: string, what: string): void;
}): CustomerWatch {
  const { scenario, tables, violated } = parts;
  const byText = new Map<string, Asked>();
  for (const request of scenario.requests)
    for (const item of request.items) byText.set(item.text, { request, item, storedAs: [] });
  const replies = new Map(scenario.replies.map((reply) => [reply.text, reply]));
  const tries = new Map<SimulatedRequest, number>();
  const accepted = new Set<SimulatedRequest>();
  const cancelled = new Set<number>();
  const paused = new Map<number, ReadonlySet<number>>();
  const budgetUses = new Map<string, number>();

  const countBudget = ({ id, budgetPerDay }: Sender, { createdAt }: MessageRow): void => {
    if (budgetPerDay === null) return;
    const key = `${id} ${Math.floor((createdAt - WALL_START - MIDNIGHT_AT_MS) / DAY_MS)}`;
    const used = (budgetUses.get(key) ?? 0) + 1;
    budgetUses.set(key, used);
    if (used > budgetPerDay) violated('B1', `sender ${id} has ${used} messages of one day, and its budget is ${budgetPerDay}`);
  };

  const rowOf = (id: number): MessageRow | null => tables.message.cells.get(id)?.committed ?? null;

  const told = (asked: Asked, messageId: number | null): void => {
    const { item, request } = asked;
    const isFirst = asked.answeredAs === undefined;
    if (!isFirst && asked.answeredAs !== messageId && (request.key !== null || item.clientMessageId !== undefined))
      violated('K1', `${item.text} was answered with ${asked.answeredAs}, and its repeat with ${messageId}`);
    asked.answeredAs = messageId;
    if (messageId === null) return;
    if (item.isImpossible) violated('D2', `${item.text} was accepted, and nobody could send it`);
    const row = rowOf(messageId);
    if (row === null) violated('D1', `${item.text} was accepted as ${messageId}, which is not in the store`);
    else if (row.text !== item.text || row.phone !== item.person.phone || row.accountId !== request.accountId)
      violated('D3', `${item.text} was answered with the message that says "${row.text}"`);
  };

  const answers = (result: AcceptResult): readonly (number | null)[] | null => {
    if (result.kind === 'accepted') return result.answers.map((answer) => (answer.ok ? answer.messageId : null));
    if (result.kind !== 'repeated') return null;
    const { result: items } = JSON.parse(result.answerBody) as { result: { messageId?: number }[] };
    return items.map(({ messageId }) => messageId ?? null);
  };

  return {
    asked(request) {
      tries.set(request, (tries.get(request) ?? 0) + 1);
    },
    answered(request, result) {
      const ids = answers(result);
      if (ids === null) {
        if (result.kind === 'conflict') violated('K1', `${request.name} conflicts with itself`);
        return;
      }
      if (request.key !== null && result.kind === 'accepted') {
        if (accepted.has(request)) violated('K1', `${request.name} was accepted twice under its key`);
        accepted.add(request);
      }
      if (ids.length !== request.items.length) violated('D3', `${request.name} has ${ids.length} answers`);
      for (const [index, { text }] of request.items.entries()) told(byText.get(text) as Asked, ids[index] ?? null);
    },
    stored(row) {
      if (row.kind === 'reply') {
        if (!replies.has(row.text)) violated('D2', `the reply "${row.text}" was never given`);
        return;
      }
      const asked = byText.get(row.text);
      if (asked === undefined) {
        violated('D2', `"${row.text}" was never asked for`);
        return;
      }
      asked.storedAs.push(row.id);
      countBudget(asked.item.sender, row);
      const { request, item, storedAs } = asked;
      const isKnownAgain = request.key !== null || item.clientMessageId !== undefined;
      const most = isKnownAgain ? 1 : (tries.get(request) ?? 0);
      if (storedAs.length > most) violated(isKnownAgain ? 'K1' : 'D2', `"${row.text}" is stored ${storedAs.length} times`);
    },
    cancelled(messageIds) {
      for (const id of messageIds) {
        cancelled.add(id);
        const status = rowOf(id)?.status;
        if (status !== 'CANCELLED') violated('C1', `message ${id} was answered to be cancelled and is ${status}`);
      }
    },
    paused(senderId, storedBefore) {
      paused.set(senderId, storedBefore);
    },
    resumed(senderId) {
      paused.delete(senderId);
    },
    claimed(row) {
      if (row.senderId !== null && paused.get(row.senderId)?.has(row.id))
        violated('Z1', `message ${row.id} is claimed although its sender is paused`);
    },
    launched(row, atMs) {
      if (row.text.length > TEXT_MAX) violated('V1', `message ${row.id} is sent and longer than any network takes`);
      if (cancelled.has(row.id)) violated('C1', `message ${row.id} is sent after its cancel was answered`);
      const isQuiet = row.kind === 'notification' && row.accountId === scenario.quietAccountId;
      const isBound = isQuiet || byText.get(row.text)?.item.windows !== undefined;
      const sinceMidnightMs = (atMs - MIDNIGHT_AT_MS + DAY_MS) % DAY_MS;
      if (isBound && scenario.faults.clockStep === 0 && sinceMidnightMs > WINDOW_MS)
        violated('W1', `message ${row.id} is sent ${Math.ceil(DAY_MS - sinceMidnightMs)} ms before its window opens`);
    },
    personOf({ text }) {
      const person = byText.get(text)?.item.person ?? replies.get(text)?.person;
      if (person === undefined) throw new Error(`nobody asked for "${text}"`);
      return person;
    },
    ended() {
      for (const { item, request, answeredAs, storedAs } of byText.values()) {
        if (answeredAs === undefined) continue;
        if (answeredAs !== null && rowOf(answeredAs) === null) violated('D1', `${item.text} was accepted and is gone`);
        if (request.key !== null && answeredAs === null && storedAs.length > 0)
          violated('D2', `${item.text} was refused and is stored`);
      }
      for (const id of cancelled)
        if (rowOf(id)?.status !== 'CANCELLED') violated('C1', `message ${id} was cancelled and is ${rowOf(id)?.status}`);
    },
  };
}
