export { toMermaid } from './mermaid.ts';
export { isScenarioName, scenarioOf } from './read-steps.ts';
export {
  type AnswerType,
  goesOn,
  type Option,
  type Question,
  type Scenario,
  type Step,
  type StepAction,
  type Target,
  type Test,
  targetsOf,
} from './scenario.ts';
