import { drawScenario } from './draw-scenario.ts';
import type { FaultRates } from './faults.ts';
import type { Scenario } from './scenario.ts';
import { type Mutation, simulate } from './simulation.ts';

const LISTS = ['requests', 'replies', 'wishes'] as const;

export const ruleOf = (violation: string): string => violation.slice(0, violation.indexOf(':'));

/** As little of the seed's scenario as still breaks the rule: without the messages, wishes, faults and processes that it does not need. */
export async function shrink(seed: number, rule: string, mutation?: Mutation): Promise<Scenario> {
  let scenario = drawScenario(seed);
  const keepIfBroken = async (smaller: Scenario): Promise<boolean> => {
    const { violations } = await simulate({ seed, scenario: smaller, ...(mutation === undefined ? {} : { mutation }) });
    const isBroken = violations.some((violation) => ruleOf(violation) === rule);
    if (isBroken) scenario = smaller;
    return isBroken;
  };

  for (const name of Object.keys(scenario.faults) as (keyof FaultRates)[])
    if (scenario.faults[name] > 0) await keepIfBroken({ ...scenario, faults: { ...scenario.faults, [name]: 0 } });
  for (let processes = 1; processes < scenario.processes; processes += 1)
    if (await keepIfBroken({ ...scenario, processes })) break;
  for (const list of LISTS) {
    for (let size = Math.ceil(scenario[list].length / 2); size > 0; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let from = scenario[list].length - size; from > -size; from -= size) {
        const without = scenario[list].filter((_, index) => index < from || index >= from + size);
        await keepIfBroken({ ...scenario, [list]: without });
      }
    }
  }
  return scenario;
}
