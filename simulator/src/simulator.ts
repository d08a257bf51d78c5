import Fastify from 'fastify';
import { registerControl } from './control/control.ts';
import { registerNotify } from './notify/notify.ts';
import { registerOk } from './ok/ok.ts';
import { registerPage } from './page/page.ts';
import { registerVk } from './vk/vk.ts';
import { type Clock, createRealClock, createWorld, type World } from './world/world.ts';

export { type Clock, createManualClock, type ManualClock, type World } from './world/world.ts';

export interface SimulatorOptions {
  /** 0 takes a free one. */
  port: number;
  /** 127.0.0.1 unless given. */
  host?: string;
  /** Makes ids and faults repeatable. */
  seed?: number;
  /** Real time unless given. */
  clock?: Clock;
}

export interface Simulator {
  /** Such as `http://127.0.0.1:8090`, without a slash at the end. */
  url: string;
  world: World;
  /** Closes every connection, also hanging ones, and takes back what was scheduled. */
  stop(): Promise<void>;
}

/** Starts VK, OK and the notify upstream with their control API and page. Rejects with `EADDRINUSE` where the port is taken. */
export async function startSimulator({ port, host = '127.0.0.1', seed, clock }: SimulatorOptions): Promise<Simulator> {
  const realClock = createRealClock();
  const world = createWorld({ clock: clock ?? realClock, ...(seed === undefined ? {} : { seed }) });
  const app = Fastify({ forceCloseConnections: true });
  await app.register(async (scope) => registerVk(scope, world));
  await app.register(async (scope) => registerOk(scope, world));
  await app.register(async (scope) => registerNotify(scope, world));
  await app.register(async (scope) => registerControl(scope, world));
  await app.register(registerPage);
  const url = await app.listen({ port, host });
  return {
    url,
    world,
    async stop() {
      realClock.stop();
      await app.close();
    },
  };
}
