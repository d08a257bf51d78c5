import type { Scenario } from './scenario.ts';
import { CLOCK_SCENARIOS } from './scenarios/clocks.ts';
import { DISK_SCENARIOS } from './scenarios/disk.ts';
import { FULL_LOAD_SCENARIOS } from './scenarios/full-load.ts';
import { NETWORK_SCENARIOS } from './scenarios/network.ts';
import { POSTGRES_SCENARIOS } from './scenarios/postgres.ts';
import { RESTORE_SCENARIOS } from './scenarios/restore.ts';
import { SERVER_SCENARIOS } from './scenarios/servers.ts';
import { STANDBY_SCENARIOS } from './scenarios/standby.ts';

/** All that may be broken, in the order of the results. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  ...SERVER_SCENARIOS,
  ...FULL_LOAD_SCENARIOS,
  ...POSTGRES_SCENARIOS,
  ...NETWORK_SCENARIOS,
  ...DISK_SCENARIOS,
  ...CLOCK_SCENARIOS,
  ...STANDBY_SCENARIOS,
  ...RESTORE_SCENARIOS,
};
