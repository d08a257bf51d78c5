export { explainMatch, matchRules, type RuleMatch, type RulesMatch, startOf } from './match-rules.ts';
export { hiddenRules, rulesOf } from './read-rules.ts';
export { type Condition, isBareFallback, type Rule } from './rule.ts';
