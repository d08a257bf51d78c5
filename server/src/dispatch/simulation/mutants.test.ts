import { expect, test } from 'vitest';
import { furtherMutants } from './further-mutants.ts';
import { mutants } from './mutants.ts';
import { simulate } from './simulation.ts';

const SEEDS_MAX = 1_000;

// The promise that each breaks. A run may end with another that it breaks as well: the search goes on.
const FOUND_BY: Readonly<Record<string, RegExp>> = {
  'no quarantine after a take-over': /^R1/,
  'slots that were handed over are taken for free': /^R1/,
  'the ttl is looked at in the claim only': /^T1/,
  'a new key for each attempt': /^P1/,
  'a place of the day is taken after the send': /^R2/,
  'an outcome is written whatever the epoch': /^F1/,
  'SENT is stored after its callback': /^S2/,
  'the next route after a time-out': /^U1/,
  'a place of the day is given back after a time-out': /^R2/,
  'a cursor never goes back': /^L1/,
  'the lease is counted by the wall clock': /^(F2|R1)/,
  'the outbox is written outside of the transaction': /^S2/,
};

const FURTHER_FOUND_BY: Readonly<Record<string, RegExp>> = {
  'an answer before its message is stored': /^D1/,
  'answers in another order than the items': /^D3/,
  'a message is stored twice': /^(D2|K1)/,
  'the answer is kept under its key after the commit': /^K1/,
  'a client’s id is looked up without being taken': /^K1/,
  'a cancelled message stays in the queue': /^C1/,
  'a pause puts nothing aside that waits already': /^Z1/,
  'a budget is granted in full': /^B1/,
  'a claim forgets what only the provider can keep to': /^V1/,
  'windows are looked at by nobody': /^W1/,
};

test('every mutant is looked for, the ten of the dispatcher among them', () => {
  expect(Object.keys(furtherMutants())).toEqual(Object.keys(FURTHER_FOUND_BY));
  expect(Object.keys(mutants())).toEqual(Object.keys(FOUND_BY));
  expect(Object.keys(FOUND_BY)).toHaveLength(12);
});

test.each(Object.entries({ ...FOUND_BY, ...FURTHER_FOUND_BY }))(
  '%s: found within a thousand seeds',
  { timeout: 300_000 },
  async (name, rule) => {
    let found: string | undefined;
    for (let seed = 1; seed <= SEEDS_MAX && found === undefined; seed += 1) {
      const mutation = { ...mutants(), ...furtherMutants() }[name];
      if (mutation === undefined) throw new Error(name);
      found = (await simulate({ seed, mutation })).violations.find((violation) => rule.test(violation));
    }
    expect(found).toMatch(rule);
  },
);
