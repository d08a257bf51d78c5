import { countCalls, evaluate, parseExecuteCode } from '../execute-code.ts';
import { type ExecuteError, errorText, refuse, respond, type VkResult } from '../vk-errors.ts';
import type { UserCall, VkCall } from '../vk-network.ts';

const CALLS_MAX = 25;

/** Runs one method by its name. */
type VkMethodRunner = (method: string, parameters: Readonly<Record<string, string>>, call: VkCall | UserCall) => VkResult;

/**
 * Runs the calls in the code of `execute` one after another. A refused one leaves `false` in its slot and a line in
 * `execute_errors`; the others go on. One execute counts as one call of the token's rate, whatever it holds.
 *
 * Source: contracts/vk.md 3.1.
 */
export function execute(given: Readonly<Record<string, string>>, call: VkCall | UserCall, run: VkMethodRunner): VkResult {
  const { code } = given;
  if (code === undefined || code === '') return refuse(100, 'code is undefined');
  const program = parseExecuteCode(code);
  if (program === null) return refuse(12, 'the simulator understands one return of values and API calls');
  if (countCalls(program) > CALLS_MAX) return refuse(13, 'Too many API calls');
  const executeErrors: ExecuteError[] = [];
  const response = evaluate(program, (method, parameters) => {
    const result = method === 'execute' ? refuse(3) : run(method, parameters, call);
    if (result.ok) return result.response;
    executeErrors.push({ method, error_code: result.error.code, error_msg: errorText(result.error) });
    return false;
  });
  return executeErrors.length === 0 ? respond(response) : { ok: true, response, executeErrors };
}
