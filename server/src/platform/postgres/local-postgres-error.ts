export type LocalPostgresErrorCode =
  /** The data folder was written by another version of Soroka. */
  | 'data.version'
  /** The data folder cannot be read or written. */
  | 'data.access'
  /** The cluster was made by another major version of PostgreSQL. */
  | 'postgres.version'
  /** No usable PostgreSQL programs. */
  | 'postgres.missing'
  /** PostgreSQL was found and did not do what it was asked for. */
  | 'postgres.failed';

/** Why the private cluster cannot be used: one sentence for a person, what is wrong and what to do. */
export class LocalPostgresError extends Error {
  override readonly name = 'LocalPostgresError';
  readonly code: LocalPostgresErrorCode;

  constructor(code: LocalPostgresErrorCode, message: string, options?: { cause: unknown }) {
    super(message, options);
    this.code = code;
  }
}
