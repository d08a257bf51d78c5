import { createImport } from '../dialogs/dialogs.ts';
import { systemClock } from '../platform/clock.ts';
import { type Answer, type Given, type Surroundings, UsageError } from './command.ts';
import { integerArgument, integerFlag } from './values.ts';
import { openWorkplace } from './workplace.ts';

const TELL_EVERY_MS = 2_000;

/** `soroka connection import ID`: until it is done, or the person ends it. */
export async function importHistory(given: Given, surroundings: Surroundings): Promise<Answer> {
  const id = integerArgument(given, 0, 'ID');
  const days = integerFlag(given, 'days');
  if (days !== undefined && days < 1) throw new UsageError('--days must be 1 or more.');
  await using place = await openWorkplace(surroundings);
  const history = createImport({ ...place, clock: systemClock });
  const ended = new AbortController();
  void surroundings.untilStopped().then(() => ended.abort());
  let toldAt = systemClock.monotonic();
  const outcome = await history.run(id, {
    ...(days !== undefined && { days }),
    signal: ended.signal,
    onProgress({ dialogs, messages }) {
      if (systemClock.monotonic() - toldAt < TELL_EVERY_MS) return;
      toldAt = systemClock.monotonic();
      surroundings.tell(`${dialogs} dialogs, ${messages} new messages so far`);
    },
  });
  if (outcome.kind === 'impossible') throw new Error(`${outcome.reason}.`);
  const { dialogs, messages, skipped } = outcome;
  if (outcome.kind === 'stopped') {
    throw new Error(
      `The import stopped after ${dialogs} dialogs and ${messages} messages (${outcome.reason}): run it again, it goes on from there.`,
    );
  }
  return { kind: 'record', fields: { connection: id, dialogs, messages, skipped } };
}
