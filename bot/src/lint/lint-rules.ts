import type { Bot } from '../definition/definition.ts';
import { canonicalJson } from '../matching/matching.ts';
import { type Condition, hiddenRules, type Rule } from '../rules/rules.ts';
import { keyboardFor } from '../runtime/runtime.ts';
import { factsOf } from '../testing/facts.ts';
import type { Finding } from './lint.ts';

/** Rules that no event reaches. */
export function ruleFindings(bot: Bot): Finding[] {
  const hidden = hiddenRules(bot.rules).map(({ name, by }) => ({
    name,
    why: `rule "${by}" above answers everything; put it last`,
  }));
  const covered = bot.rules.flatMap((rule, index) => {
    const by = bot.rules.slice(0, index).find((above) => coversRule(above, rule));
    return by === undefined ? [] : [{ name: rule.name, why: `rule "${by.name}" above answers all that it would` }];
  });
  const impossible = bot.rules
    .filter(({ when }) => when.every(({ probability }) => probability === 0))
    .map(({ name }) => ({ name, why: 'its probability is 0' }));
  const never = [...new Map([...impossible, ...covered, ...hidden].map((one) => [one.name, one])).values()];
  return [
    ...never.map(({ name, why }): Finding => ({ severity: 'error', place: `rule "${name}"`, problem: `can never fit: ${why}` })),
    ...strayPayloads(bot),
  ];
}

function coversRule(above: Rule, rule: Rule): boolean {
  return (above.chats || !rule.chats) && rule.when.every((condition) => above.when.some((wider) => covers(wider, condition)));
}

/** Whether everything that fits `narrow` fits `wide`, as far as their fields tell. */
function covers(wide: Condition, narrow: Condition): boolean {
  if (wide.cooldownMs !== undefined || wide.probability !== undefined) return false;
  return Object.entries(wide).every(([field, value]) => {
    const other: unknown = narrow[field as keyof Condition];
    if (other === undefined) return false;
    if (field !== 'keywords' || wide.keywords === undefined || narrow.keywords === undefined)
      return textOf(value) === textOf(other);
    const known = new Set(wide.keywords.phrases.map((phrase) => canonicalJson(phrase)));
    return (
      wide.keywords.mode === narrow.keywords.mode && narrow.keywords.phrases.every((phrase) => known.has(canonicalJson(phrase)))
    );
  });
}

function textOf(value: unknown): string {
  return typeof value === 'object' && value !== null && 'pattern' in value && typeof value.pattern === 'function'
    ? String(value.pattern())
    : canonicalJson(value);
}

/** Payloads that a rule waits for, and no button of this bot gives. */
function strayPayloads({ rules, scenarios }: Bot): Finding[] {
  const given = new Set(
    [...scenarios.values()].flatMap(({ steps }) =>
      steps.flatMap((step) => {
        const keyboard =
          step.kind === 'ask' ? keyboardFor(step, step.id, factsOf()) : step.kind === 'say' ? step.content.keyboard : undefined;
        return keyboard?.rows.flat().flatMap((button) => ('payload' in button ? (button.payload ?? []) : [])) ?? [];
      }),
    ),
  );
  return rules.flatMap(({ name, when }) =>
    when
      .filter(({ payload }) => payload !== undefined && !given.has(payload))
      .map(
        (): Finding => ({
          severity: 'warning',
          place: `rule "${name}"`,
          problem:
            'waits for a payload that no button of this bot gives: no network sends it, unless a broadcast or an older keyboard has the button',
        }),
      ),
  );
}
