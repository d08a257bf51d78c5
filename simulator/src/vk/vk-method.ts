import { type ParameterSpecs, type ParameterValues, readParameters } from './parameters.ts';
import type { VkResult } from './vk-errors.ts';
import type { AnyCall, UserCall, VkCall } from './vk-network.ts';

type Given = Readonly<Record<string, string>>;

/** One method of the API, by whose token it may be called. It reads its parameters by its own table, then does its work. */
export type VkMethod =
  | { by: 'group'; run: (given: Given, call: VkCall) => VkResult }
  | { by: 'person'; run: (given: Given, call: UserCall) => VkResult }
  | { by: 'anyone'; run: (given: Given, call: VkCall | UserCall) => VkResult };

export type VkMethods = Readonly<Record<string, VkMethod>>;

const reading =
  <S extends ParameterSpecs, Call extends AnyCall>(
    parameters: S,
    handle: (values: ParameterValues<S>, call: Call) => VkResult,
  ): ((given: Given, call: Call) => VkResult) =>
  (given, call) => {
    const read = readParameters(parameters, given);
    return read.ok ? handle(read.values, call) : read;
  };

/** A method for tokens of communities, from the table of its parameters and what it does with them. */
export function defineMethod<S extends ParameterSpecs>(
  parameters: S,
  handle: (values: ParameterValues<S>, call: VkCall) => VkResult,
): VkMethod {
  return { by: 'group', run: reading(parameters, handle) };
}

/** A method for tokens of people, which refuses a community's. */
export function defineUserMethod<S extends ParameterSpecs>(
  parameters: S,
  handle: (values: ParameterValues<S>, call: UserCall) => VkResult,
): VkMethod {
  return { by: 'person', run: reading(parameters, handle) };
}

/** A method for either kind of token. */
export function definePublicMethod<S extends ParameterSpecs>(
  parameters: S,
  handle: (values: ParameterValues<S>, call: VkCall | UserCall) => VkResult,
): VkMethod {
  return { by: 'anyone', run: reading(parameters, handle) };
}
