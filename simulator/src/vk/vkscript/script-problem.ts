/** Why a script ended without a result. Thrown inside of this module only; `runScript` makes a value of it. */
export class ScriptProblem extends Error {
  override readonly name = 'ScriptProblem';
  /** VK's: 12 where the code cannot be compiled, 13 where it failed while it ran. */
  readonly code: 12 | 13;

  constructor(code: 12 | 13, detail: string) {
    super(detail);
    this.code = code;
  }
}
