import type { FastifyInstance } from 'fastify';
import { type FaultSettings, LIMITS, type LimitSettings, PARTIES, SPEED, type World } from '../world/world.ts';
import { ControlError, type Fields, readFields, readNeededChoice, readNumber } from './answers.ts';

const RATES = ['timeoutBefore', 'timeoutAfter', 'error5xx', 'duplicateEvents', 'dropEvents'] as const;
const RATE = { min: 0, max: 1 } as const;
const DELAY_MS = { min: 0, max: 600_000 } as const;
const LIMIT_NAMES = Object.keys(LIMITS) as (keyof LimitSettings)[];
const LIMIT = { min: 1, max: 100_000 } as const;
const DAY_MS = 86_400_000;
const ADVANCE_MS = { min: 0, max: 400 * DAY_MS } as const;

/** Faults, limits and time of the world, and its way back to the start. */
export function registerSettings(app: FastifyInstance, world: World): void {
  app.get('/control/violations', async () => world.limits.violations());

  app.get('/control/faults', async () => Object.fromEntries(PARTIES.map((party) => [party, world.faults.settings(party)])));
  app.post('/control/faults', async (request) => {
    const fields = readFields(request.body, ['network', ...RATES, 'errors', 'delayMs']);
    const party = readNeededChoice(fields, 'network', PARTIES);
    world.faults.set(party, readFaults(fields));
    return { network: party, ...world.faults.settings(party) };
  });

  app.get('/control/limits', async () => world.limits.settings());
  app.post('/control/limits', async (request) => {
    const fields = readFields(request.body, LIMIT_NAMES);
    const changed: Partial<LimitSettings> = {};
    for (const name of LIMIT_NAMES) {
      const value = fields[name] === null ? null : readNumber(fields, name, LIMIT);
      if (value !== undefined) changed[name] = value === null ? null : Math.floor(value);
    }
    world.limits.set(changed);
    return world.limits.settings();
  });

  const clockState = () => ({ now: world.clock.now(), speed: world.clock.speed() });
  app.get('/control/clock', async () => clockState());
  app.post('/control/clock', async (request) => {
    const fields = readFields(request.body, ['advanceMs', 'speed']);
    const [advanceMs, speed] = [readNumber(fields, 'advanceMs', ADVANCE_MS), readNumber(fields, 'speed', SPEED)];
    if (speed !== undefined && world.clock.speed() === 0)
      throw new ControlError(409, 'speed', 'This simulator was started with a clock that stands.', 'Move it on by "advanceMs".');
    if (speed !== undefined) world.clock.setSpeed(speed);
    if (advanceMs !== undefined) world.clock.advance(advanceMs);
    return clockState();
  });

  app.post('/control/reset', async (request) => {
    const fields = readFields(request.body, ['subscriptions']);
    world.reset({ subscriptions: fields['subscriptions'] === true });
    return { ok: true };
  });
}

/** Only the fields that were sent; the others stay as they are. */
function readFaults(fields: Fields): Partial<FaultSettings> {
  const changed: Partial<FaultSettings> = {};
  for (const name of RATES) {
    const rate = readNumber(fields, name, RATE);
    if (rate !== undefined) changed[name] = rate;
  }
  const { errors, delayMs } = fields;
  if (errors !== undefined) {
    if (typeof errors !== 'object' || errors === null || Array.isArray(errors)) {
      throw new ControlError(400, 'errors', '"errors" must be an object of error codes and rates.', 'Such as {"901": 0.1}.');
    }
    changed.errors = {};
    for (const code of Object.keys(errors)) changed.errors[code] = readNumber(errors as Fields, code, RATE) ?? 0;
  }
  if (delayMs !== undefined) {
    const [least, most]: unknown[] = Array.isArray(delayMs) && delayMs.length === 2 ? delayMs : [];
    if (!isDelay(least) || !isDelay(most) || least > most) {
      throw new ControlError(400, 'delayMs', `"delayMs" must be [min, max] in ms, up to ${DELAY_MS.max}.`, 'Such as [5, 50].');
    }
    changed.delayMs = [least, most];
  }
  return changed;
}

const isDelay = (value: unknown): value is number => typeof value === 'number' && value >= DELAY_MS.min && value <= DELAY_MS.max;
