import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { expect, test, vi } from 'vitest';
import { commit, startCallbacksTown, status } from '../../test/callbacks-town.ts';
import { until } from '../../test/until.ts';
import { createAccounts } from '../accounts/accounts.ts';
import { createSecrets } from '../platform/secrets.ts';

const HOUR = 3_600_000;

test('after a rotation a receiver may check by the old secret or the new one, and by the new one alone when its time is over', async () => {
  await using town = await startCallbacksTown();
  const { database, clock } = town;
  const accounts = createAccounts({ database, secrets: createSecrets(randomBytes(32)), clock });
  const { id: accountId, callbackSecret: old } = await accounts.create('one');
  const receiver = await town.receiver();
  const engine = town.engine({ accounts });
  engine.run();
  let count = 0;
  /** Which of the secrets the next callback can be checked by, and how many signatures it carries. */
  const nextIsSignedBy = async (...secrets: string[]) => {
    count += 1;
    await commit(town, engine, [status(count, 'SENT', { url: receiver.url, accountId })]);
    // Written down, too: time must not go on in the middle of a call.
    await until(async () => (await town.delivered()) === count);
    const { body, headers } = receiver.calls[count - 1] as (typeof receiver.calls)[0];
    const verifies = secrets.map((secret) => {
      try {
        // The receiver's clock is the town's.
        vi.useFakeTimers({ now: clock.now(), toFake: ['Date'] });
        return new Webhook(secret).verify(body, headers as Record<string, string>) !== undefined;
      } catch {
        return false;
      } finally {
        vi.useRealTimers();
      }
    });
    return [...verifies, String(headers['webhook-signature']).split(' ').length];
  };

  expect(await nextIsSignedBy(old)).toEqual([true, 1]);
  const { callbackSecret: fresh } = await accounts.rotateCallbackSecret(accountId, { keepOldForHours: 24 });
  expect(await nextIsSignedBy(old, fresh)).toEqual([true, true, 2]);
  await clock.advance(23 * HOUR);
  expect(await nextIsSignedBy(old, fresh)).toEqual([true, true, 2]);
  await clock.advance(HOUR);
  expect(await nextIsSignedBy(old, fresh)).toEqual([false, true, 1]);
});
