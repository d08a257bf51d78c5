import { type ExecuteError, errorText, refuse, respond, type VkResult } from '../vk-errors.ts';
import type { UserCall, VkCall } from '../vk-network.ts';
import { runScript } from '../vkscript/vkscript.ts';

const CALLS_MAX = 25;

/** Runs one method by its name. */
type VkMethodRunner = (method: string, parameters: Readonly<Record<string, string>>, call: VkCall | UserCall) => VkResult;

/**
 * Runs the code of `execute`. A refused call leaves `false` in its place and a line in `execute_errors`; the code goes on. One
 * execute counts as one call of the token's rate, whatever it holds.
 *
 * Source: contracts/vk.md 3.1.
 */
export function execute(given: Readonly<Record<string, string>>, call: VkCall | UserCall, run: VkMethodRunner): VkResult {
  const { code, access_token: _token, ...args } = given;
  if (code === undefined || code === '') return refuse(100, 'code is undefined');
  const executeErrors: ExecuteError[] = [];
  const result = runScript(code, {
    args,
    callsMax: CALLS_MAX,
    callApi(method, parameters) {
      const answer = method === 'execute' ? refuse(3) : run(method, parameters, call);
      // A copy: the script may change it, and parts of it are the world's own.
      if (answer.ok) return structuredClone(answer.response);
      executeErrors.push({ method, error_code: answer.error.code, error_msg: errorText(answer.error) });
      return false;
    },
  });
  if (!result.ok) return refuse(result.code, result.detail);
  return executeErrors.length === 0 ? respond(result.value) : { ok: true, response: result.value, executeErrors };
}
