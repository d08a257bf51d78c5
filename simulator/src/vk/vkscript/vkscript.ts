import { parseScript } from './parse.ts';
import { type CallApi, execute } from './run.ts';
import { ScriptProblem } from './script-problem.ts';

export type { CallApi } from './run.ts';

/** What a script returned, or VK's error (12: not understood, 13: failed while it ran) with what is wrong. */
export type ScriptResult = { ok: true; value: unknown } | { ok: false; code: 12 | 13; detail: string };

/**
 * Runs the code of `execute`. Understood is what bots and their libraries write: `return` of values, lists, objects and API calls
 * in each other; variables and fields, `Args`, arithmetic, comparison, `a@.b`, the functions of lists and texts, `if` and `while`.
 * Not understood: `for`, `fork`, functions of one's own, patterns. What was called before the code failed has been called.
 *
 * Sources: dev.vk.com/method/execute; contracts/vk.md 3.1.
 */
export function runScript(
  code: string,
  given: { args: Readonly<Record<string, string>>; callsMax: number; callApi: CallApi },
): ScriptResult {
  try {
    const value = execute(parseScript(code), given);
    checkDepth(value, 0);
    return { ok: true, value };
  } catch (error) {
    if (error instanceof ScriptProblem) return { ok: false, code: error.code, detail: error.message };
    throw error;
  }
}

const DEPTH_MAX = 500;

/** A list may hold itself, and could never be written. */
function checkDepth(value: unknown, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth > DEPTH_MAX) throw new ScriptProblem(13, 'Response is nested too deep');
  for (const inner of Object.values(value)) checkDepth(inner, depth + 1);
}
