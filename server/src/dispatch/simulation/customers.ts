import type { AcceptAnswer, AcceptResult, Cancelled, NewNotification, Remember } from '../contract.ts';
import type { Dispatch } from '../dispatch.ts';
import type { CustomerWatch } from './customer-watch.ts';
import type { Fleet, Member } from './fleet.ts';
import type { Scenario, SimulatedItem, SimulatedReply, SimulatedRequest, SimulatedWish } from './scenario.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { Tables } from './store/tables.ts';
import { templateName } from './template-shelf.ts';
import type { Timeline } from './timeline.ts';

/** Those who give messages, ask again where no answer came, cancel and pause. They never die. */
export interface Customers {
  /** Asks for everything in its time. */
  begin(): void;
  /** Nobody waits for an answer any more, nobody is going to ask, and no process works at what somebody gave up waiting for. */
  haveEnded(): boolean;
}

const PATIENCE_MS = 3_000;
const ANSWER_UNHEARD = 0.05;
// Keys are known again for a day.
const REPEATED_FOR_MS = 80_000_000;
// Dispatch only compares them.
const fingerprint = (text: string): Buffer => Buffer.from(text);

export function createCustomers(parts: {
  scenario: Scenario;
  timeline: Timeline;
  random: SeededRandom;
  watch: CustomerWatch;
  tables: Tables;
  /** Milliseconds since 1970. */
  now(): number;
  fleet: Pick<Fleet, 'some' | 'asleepForMs'>;
}): Customers {
  const { scenario, timeline, random, watch, tables } = parts;
  const acceptedIds = new Map<SimulatedRequest, readonly number[]>();
  const underWay = new Set<Pick<Member, 'process'>>();
  let open = 0;

  /** The answer of some process; a failure where it fails, dies, takes too long, or its answer is lost on the way. */
  const ask = <Answer>(
    who: string,
    work: (dispatch: Dispatch, member: Member) => Promise<Answer>,
    heard: (answer: Answer) => void,
    failed: () => void,
  ): void => {
    const member = parts.fleet.some();
    let isOver = false;
    const end = (goOn: () => void): void => {
      if (isOver) return;
      isOver = true;
      patience.cancel();
      goOn();
    };
    const patienceMs = PATIENCE_MS + parts.fleet.asleepForMs();
    const patience = timeline.after(patienceMs, who, 'waits no longer', () => end(failed));
    if (member === null) return;
    const asked = { process: member.process };
    underWay.add(asked);
    const answer = (what: string, goOn: () => void): void => {
      underWay.delete(asked);
      if (!member.process.isAlive() || random.chance(ANSWER_UNHEARD)) return;
      timeline.after(random.between(0.2, 5), who, what, () => end(goOn));
    };
    member.process.hear(() => {
      work(member.dispatch, member).then(
        (given) => answer('is answered', () => heard(given)),
        () => answer('hears of a failure', failed),
      );
    });
  };
  const later = (who: string, goOn: () => void): void => {
    timeline.after(random.between(200, 1_200), who, 'asks again', goOn);
  };

  const notificationOf = (request: SimulatedRequest, item: SimulatedItem, sendAt: Date | null): NewNotification => {
    const { text, person, sender, templateId, routes, steps, windows, ttlSeconds, clientMessageId, class: ofClass } = item;
    const { deliveryPolicy = 'any' } = item;
    return {
      ...{
        phone: person.phone,
        service: sender.name,
        ...(item.isNamedTemplate ? { tmpl: templateName(templateId) } : { templateId }),
        templateData: { text },
        templateDataJson: JSON.stringify({ text }),
      },
      ...{
        deliveryPolicy,
        ttlSeconds,
        statusUrl: 'http://example.org/',
        contentSha256: fingerprint(`${request.accountId} ${text}`),
      },
      ...(routes === undefined ? {} : { routes }),
      ...(steps === undefined ? {} : { steps }),
      ...(windows === undefined ? {} : { windows }),
      ...(ofClass === undefined ? {} : { class: ofClass }),
      ...(sendAt === null ? {} : { sendAt }),
      ...(clientMessageId === undefined ? {} : { clientMessageId, callbackDataJson: JSON.stringify({ text }) }),
    };
  };

  const send = (request: SimulatedRequest, firstAt: number, sendAts: readonly (Date | null)[]): void => {
    const { name, accountId, key, items } = request;
    const isKnownAgain = key !== null || items.every(({ clientMessageId }) => clientMessageId !== undefined);
    const remember: Remember | undefined =
      key === null ? undefined : { key, bodySha256: fingerprint(items.map(({ text }) => text).join()), answerBody };
    const repeat = (): void => {
      const isTooLate = timeline.now() - firstAt > REPEATED_FOR_MS;
      if (!isTooLate && (isKnownAgain || random.chance(0.5))) later(name, () => send(request, firstAt, sendAts));
      else open -= 1;
    };
    const heard = (result: AcceptResult): void => {
      watch.answered(request, result);
      if (result.kind === 'running') {
        repeat();
        return;
      }
      if (result.kind === 'accepted')
        acceptedIds.set(
          request,
          result.answers.flatMap((answer) => (answer.ok ? answer.messageId : [])),
        );
      open -= 1;
    };
    watch.asked(request);
    const notifications = items.map((item, index) => notificationOf(request, item, sendAts[index] ?? null));
    ask(name, (dispatch) => dispatch.accept(accountId, notifications, remember), heard, repeat);
  };

  /** As inbox/ gives one: in a transaction of its own, never tried again. */
  const reply = ({ group, person, text }: SimulatedReply): void => {
    const { accountId, id: connectionId } = group.community;
    const { network, groupId } = group;
    const given = { accountId, connectionId, groupId, network, peerId: person.phone, dialogId: 1, text };
    const ended = (): void => {
      open -= 1;
    };
    ask(text, (dispatch, { process }) => process.database.transaction((tx) => dispatch.acceptReplies(tx, [given])), ended, ended);
  };

  /** Until it is answered. */
  const insist = (who: string, work: (dispatch: Dispatch) => Promise<void>, then: () => void): void =>
    ask(who, work, then, () => later(who, () => insist(who, work, then)));

  const cancel = ({ request, by }: SimulatedWish & { what: 'cancel' }): void => {
    const { accountId, key, items } = request;
    const ids = acceptedIds.get(request) ?? [];
    const ended = (): void => {
      open -= 1;
    };
    ask(
      `cancel of ${request.name}`,
      (dispatch) => {
        if (by === 'phone') return dispatch.cancelOfPhone(accountId, items[0]?.person.phone ?? '');
        if (by === 'one') return cancelOne(dispatch, accountId, ids);
        return by === 'key' && key !== null ? dispatch.cancelOfKey(accountId, key) : dispatch.cancelAll(accountId, ids);
      },
      (answer) => {
        watch.cancelled(answer?.cancelled ?? []);
        ended();
      },
      ended,
    );
  };

  const cancelOne = async (dispatch: Dispatch, accountId: number, [id]: readonly number[]): Promise<Cancelled> => {
    const became = id === undefined ? 'not_found' : await dispatch.cancel(accountId, id);
    const wanted = id === undefined ? [] : [id];
    return {
      cancelled: became === 'cancelled' ? wanted : [],
      alreadySent: became === 'already_sent' ? wanted : [],
      notFound: [],
    };
  };

  /** Of those that were sent: inbox/ knows no others. */
  const read = ({ request }: SimulatedWish & { what: 'read' }): void => {
    const sent = (acceptedIds.get(request) ?? []).filter((id) => tables.message.cells.get(id)?.committed?.status === 'SENT');
    const at = new Date(parts.now());
    const ended = (): void => {
      open -= 1;
    };
    ask(
      `reader of ${request.name}`,
      (dispatch, { process }) => {
        const given = sent.map((messageId) => ({ accountId: request.accountId, messageId, at }));
        return process.database.transaction((tx) => dispatch.markRead(tx, given));
      },
      ended,
      ended,
    );
  };

  const pause = ({ sender: { id, accountId, name }, forMs }: SimulatedWish & { what: 'pause' }): void => {
    const isStored = ([, { committed }]: [number, { committed: object | null }]): boolean => committed !== null;
    const storedBefore = new Set([...tables.message.cells].filter(isStored).map(([messageId]) => messageId));
    ask(
      `pause of ${name}`,
      (dispatch) => dispatch.pauseSender(accountId, id),
      () => watch.paused(id, storedBefore),
      () => {},
    );
    timeline.after(Math.max(forMs, PATIENCE_MS), `pause of ${name}`, 'ends', () => {
      watch.resumed(id);
      insist(
        `pause of ${name}`,
        (dispatch) => dispatch.resumeSender(accountId, id),
        () => {
          open -= 1;
        },
      );
    });
  };

  const at = (ms: number, who: string, begin: () => void): void => {
    open += 1;
    timeline.after(ms, who, 'asks', begin);
  };

  return {
    begin() {
      for (const request of scenario.requests)
        at(request.askedAtMs, request.name, () => {
          const sendAts = request.items.map(({ sendInMs }) => (sendInMs === undefined ? null : new Date(parts.now() + sendInMs)));
          send(request, timeline.now(), sendAts);
        });
      for (const one of scenario.replies) at(one.atMs, one.text, () => reply(one));
      for (const wish of scenario.wishes)
        at(wish.atMs, wish.what, () => {
          if (wish.what === 'cancel') cancel(wish);
          else if (wish.what === 'read') read(wish);
          else pause(wish);
        });
    },
    haveEnded: () => open === 0 && ![...underWay].some(({ process }) => process.isAlive()),
  };
}

const answerBody = (answers: readonly AcceptAnswer[]): string =>
  JSON.stringify({ result: answers.map((answer) => (answer.ok ? { messageId: answer.messageId } : {})) });
