import type { Scenario } from './scenario.ts';
import { NETWORK_SCENARIOS } from './scenarios/network.ts';
import { POSTGRES_SCENARIOS } from './scenarios/postgres.ts';
import { SERVER_SCENARIOS } from './scenarios/servers.ts';

/** All that may be broken, in the order of the results. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = { ...SERVER_SCENARIOS, ...POSTGRES_SCENARIOS, ...NETWORK_SCENARIOS };
