import { ERRORS, type ErrorCode } from '@soroka/api';

/** A refusal we can explain. `detail` goes to the log and to the caller: no token, phone number or message text in it. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly detail: string;
  /** The request's field that was wrong, as a path: `routes[1]`. */
  readonly field: string | undefined;

  constructor(code: ErrorCode, detail: string, options: { field?: string; cause?: unknown } = {}) {
    super(`${ERRORS[code].message} (${code}: ${detail})`, { cause: options.cause });
    this.code = code;
    this.detail = detail;
    this.field = options.field;
  }

  get hint(): string {
    return ERRORS[this.code].hint;
  }

  get status(): number {
    return ERRORS[this.code].status;
  }
}
