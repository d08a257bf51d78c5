import { RE2JS } from 're2js';

const compiled = new Map<string, RE2JS>();

/** Whether one of a sender's forbidden patterns occurs in the text; letters' case does not matter. RE2: no pattern can stall us. */
export function isForbidden(patterns: readonly string[], text: string): boolean {
  return patterns.some((pattern) => {
    let matcher = compiled.get(pattern);
    if (matcher === undefined) {
      matcher = RE2JS.compile(pattern, RE2JS.CASE_INSENSITIVE);
      compiled.set(pattern, matcher);
    }
    return matcher.matcher(text).find();
  });
}
