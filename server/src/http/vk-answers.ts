import { ERRORS, type ErrorCode } from '@soroka/api';
import type { AcceptAnswer, MessageView } from '../dispatch/dispatch.ts';

/** The body of the answer to POST /vk/messages: one item per message, in the request's order. */
export function sendAnswer(answers: readonly AcceptAnswer[]): string {
  return `{"result":[${answers.map(itemOf).join(',')}]}`;
}

// Written by hand: nine of ten answers are the same but for the number.
function itemOf(answer: AcceptAnswer): string {
  if (answer.ok) return `{"code":"OK","messageId":${answer.messageId}}`;
  const reasons = answer.reasons.map(({ key, field, message }) => ({ key, field, message: message ?? ERRORS[key].message }));
  return JSON.stringify({ code: 'REJECTED', reasons });
}

/** How many messages were answered with OK, and with which first reason the others. */
export function countAnswers(answers: readonly AcceptAnswer[]): Map<'OK' | ErrorCode, number> {
  const counts = new Map<'OK' | ErrorCode, number>();
  for (const answer of answers) {
    const key = answer.ok ? 'OK' : (answer.reasons[0]?.key ?? 'internal');
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

/** One message as JSON text; callbackData goes in as the text it came in, so that its numbers stay exact. */
export function messageJson(view: MessageView): string {
  const { callbackDataJson, history, messageId, status, channel, phone, service, templateId, text, createdAt, expiresAt } = view;
  const shown = { messageId, status, channel, phone, service, templateId, class: view.class, text, createdAt, expiresAt };
  // Attempts are told by the timeline.
  const statuses = history.map(({ attempt: _, launchedAt: __, ...entry }) => entry);
  return `${JSON.stringify(shown).slice(0, -1)},"callbackData":${callbackDataJson ?? 'null'},"history":${JSON.stringify(statuses)}}`;
}

export function messageListJson(views: readonly MessageView[], nextCursor: string | null): string {
  return `{"items":[${views.map(messageJson).join(',')}],"nextCursor":${JSON.stringify(nextCursor)}}`;
}
