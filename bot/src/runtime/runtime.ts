export { type Answer, HINTS, keyboardFor, phoneOf, readAnswer } from './answers.ts';
export { answerScenario, wakeScenario } from './resume.ts';
export { applyRules, failedTurn, openTurn, step, stopWord } from './step.ts';
export { cancelWake, emit, endTurn, handOver, leave, mayStep, nextId, note, setVariable, type Turn } from './turn.ts';
export { KNOWN_FIELDS } from './variables.ts';
