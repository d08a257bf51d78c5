import type { Terminal } from './run.ts';

export interface TestTerminal extends Terminal {
  /** `note` has what was told meanwhile as well. */
  printed: { out: string; note: string };
}

/** For tests: a terminal that keeps what the program prints, gives it no input and starts no server. */
export function testTerminal(env: Terminal['env'], more: Partial<Terminal> = {}): TestTerminal {
  const printed = { out: '', note: '' };
  return {
    printed,
    env,
    out: (text) => (printed.out += text),
    note: (text) => (printed.note += text),
    tell: (sentence) => (printed.note += `${sentence}\n`),
    readInput: async () => '',
    isForPeople: false,
    start: () => Promise.reject(new Error('this test starts no server')),
    untilStopped: async () => {},
    ...more,
  };
}
