import { ERRORS, type Forecast, type MessageForecast } from '@soroka/api';
import type { Refusal, Rehearsal } from '../dispatch/dispatch.ts';

type Played = Extract<Rehearsal, { ok: true }>;

/** The body of the answer to POST /vk/messages?dryRun=true. */
export function dryRunAnswer(rehearsals: readonly Rehearsal[]): string {
  const result = rehearsals.map((rehearsal) =>
    rehearsal.ok
      ? { code: 'OK', text: rehearsal.text, forecast: messageForecast(rehearsal) }
      : { code: 'REJECTED', reasons: shown(rehearsal.reasons) },
  );
  return JSON.stringify({ result });
}

function messageForecast({
  channel,
  groupId,
  outcome,
  isPaused,
  dueAt,
  sentBy,
  waiting,
  perSecond,
  caps,
}: Played): MessageForecast {
  return {
    ...{ channel, groupId, outcome, paused: isPaused, dueAt: dueAt.toISOString(), sentBy: sentBy?.toISOString() ?? null },
    ...{ waiting, perSecond, dailyCaps: [...caps] },
  };
}

/** The body of the answer to POST /v1/forecast. */
export function forecastAnswer(rehearsals: readonly Rehearsal[]): Forecast {
  const played = rehearsals.flatMap((rehearsal, index) => (rehearsal.ok ? [{ index, rehearsal }] : []));
  const sent = played.filter(({ rehearsal }) => rehearsal.sentBy !== null).map(({ rehearsal }) => rehearsal);
  return {
    messages: rehearsals.length,
    sent: sent.length,
    endsAt: lastOf(sent),
    groups: [...Map.groupBy(sent, ({ channel, groupId }) => `${channel}:${groupId}`).values()].map((own) => {
      const { channel, groupId, waiting, perSecond, isPaused } = own[0] as Played;
      return { channel, groupId, messages: own.length, waiting, perSecond, paused: isPaused, endsAt: lastOf(own) as string };
    }),
    dailyCaps: played.flatMap(({ index, rehearsal }) => rehearsal.caps.map((cap) => ({ index, ...cap }))),
    notSent: played.flatMap(({ index, rehearsal: { channel, outcome } }) =>
      outcome === 'SENT' ? [] : [{ index, channel, outcome }],
    ),
    refused: rehearsals.flatMap((rehearsal, index) => (rehearsal.ok ? [] : [{ index, reasons: shown(rehearsal.reasons) }])),
  };
}

function lastOf(rehearsals: readonly Played[]): string | null {
  const times = rehearsals.map(({ sentBy }) => sentBy?.getTime() ?? 0);
  return times.length === 0 ? null : new Date(Math.max(...times)).toISOString();
}

const shown = (reasons: readonly Refusal[]) =>
  reasons.map(({ key, field, message }) => ({
    key,
    ...(field === undefined ? {} : { field }),
    message: message ?? ERRORS[key].message,
  }));
