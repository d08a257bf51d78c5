import type { Ground, Parts } from './assemble.ts';
import { createPurge } from './dispatch/dispatch.ts';
import { createReception, type Reception } from './intake/intake.ts';
import { systemClock as clock } from './platform/clock.ts';
import type { Config, Role } from './platform/config.ts';

/** A simulator that was started again has forgotten our webhooks, and whoever tries the demo waits for an answer. */
const DEMO_WEBHOOK_CHECK_MS = 20_000;

/** Starts what the roles of this process do by themselves. Gives the reception back where it is one of them. */
export async function runRoles(
  config: Config,
  parts: Parts,
  { database, log, simulatorUrl, stops }: Ground,
): Promise<Reception | null> {
  const {
    events,
    desk,
    callbacks,
    connections,
    rawEvents,
    health,
    inbox,
    bots,
    dispatch,
    replies,
    files,
    push,
    broadcasts,
    oauth,
  } = parts;
  const has = (role: Role): boolean => config.SOROKA_ROLES.includes(role);

  await events.run({ cleansUp: has('jobs') });
  stops.push(() => events.stop());
  if (has('api')) {
    await desk.presence.run();
    stops.push(() => desk.presence.stop());
  }
  if (has('callbacks')) {
    callbacks.run();
    stops.push(() => callbacks.stop());
  }
  const webhookCheckMs = simulatorUrl === undefined ? config.SOROKA_WEBHOOK_CHECK_MS : DEMO_WEBHOOK_CHECK_MS;
  const reception = has('intake')
    ? createReception({ database, connections, rawEvents, health, webhookCheckMs, clock, log })
    : null;
  if (reception !== null) {
    reception.run();
    inbox.run();
    bots.run();
    stops.push(
      () => bots.stop(),
      () => inbox.stop(),
      () => reception.stop(),
    );
  }
  if (has('dispatch')) {
    dispatch.run();
    replies.run();
    stops.push(
      () => dispatch.stop(),
      () => replies.stop(),
    );
  }
  if (has('jobs')) {
    const purge = createPurge({ database, clock });
    purge.run();
    files.run();
    push.run();
    broadcasts.run();
    oauth.run();
    desk.run();
    stops.push(
      () => desk.stop(),
      () => oauth.stop(),
      () => purge.stop(),
      () => broadcasts.stopRunning(),
      () => files.stop(),
    );
  }
  return reception;
}
