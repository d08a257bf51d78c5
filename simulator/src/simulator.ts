import Fastify from 'fastify';
import { registerControl } from './control/control.ts';
import { registerNotify } from './notify/notify.ts';
import { registerOk } from './ok/ok.ts';
import { registerPage } from './page/page.ts';
import { findSimulatedPerson, type SimulatedPerson } from './simulated-person.ts';
import { registerVk } from './vk/vk.ts';
import { registerVkId } from './vk-id/vk-id.ts';
import { type Clock, createRealClock, createWorld, type World } from './world/world.ts';

export type { SimulatedPerson } from './simulated-person.ts';
export { type Clock, createManualClock, type ManualClock, type World } from './world/world.ts';

export interface SimulatorOptions {
  /** A free one unless given. */
  port?: number;
  /** 127.0.0.1 unless given. */
  host?: string;
  /** Makes ids and faults repeatable. */
  seed?: number;
  /** Real time unless given. */
  clock?: Clock;
}

export interface Simulator extends AsyncDisposable {
  /** Such as `http://127.0.0.1:8090`, without a slash at the end. */
  url: string;
  /** What your bot is given instead of the networks' own addresses. */
  addresses: {
    /** In place of `https://api.vk.ru/method`. */
    vkMethod: string;
    /** In place of `https://api.ok.ru/fb.do`. */
    okRest: string;
    /** In place of `https://api.ok.ru/graph`. */
    okGraph: string;
    /** In place of `https://api.ok.ru/oauth/token.do`. */
    okToken: string;
  };
  world: World;
  /** Somebody who lives there, by phone: Anna is 79999999999. Throws where nobody has this number. */
  person(phone: string): SimulatedPerson;
  /** Closes every connection, also hanging ones, and takes back what was scheduled. */
  stop(): Promise<void>;
}

/** Starts VK, OK and the notify upstream with their control API and page. Rejects with `EADDRINUSE` where the port is taken. */
export async function startSimulator({ port = 0, host = '127.0.0.1', seed, clock }: SimulatorOptions = {}): Promise<Simulator> {
  const realClock = createRealClock();
  const world = createWorld({ clock: clock ?? realClock, ...(seed === undefined ? {} : { seed }) });
  const app = Fastify({ forceCloseConnections: true });
  await app.register(async (scope) => registerVk(scope, world));
  await app.register(async (scope) => registerVkId(scope, world));
  await app.register(async (scope) => registerOk(scope, world));
  await app.register(async (scope) => registerNotify(scope, world));
  await app.register(async (scope) => registerControl(scope, world));
  await app.register(registerPage);
  const url = await app.listen({ port, host });
  const stop = async (): Promise<void> => {
    realClock.stop();
    await app.close();
  };
  return {
    url,
    addresses: {
      vkMethod: `${url}/vk/method`,
      okRest: `${url}/ok/fb.do`,
      okGraph: `${url}/ok/graph`,
      okToken: `${url}/ok/oauth/token.do`,
    },
    world,
    person: (phone) => findSimulatedPerson(world, phone),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
