import { AppError } from './errors.ts';

const NETWORK_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/** One sentence for a person: what went wrong, and what to do where we know it. */
export function sentenceOf(error: unknown): string {
  if (error instanceof AppError) return asSentence(error.detail);
  if (!(error instanceof Error)) return asSentence(String(error));
  // A host name with several addresses fails with one error for each of them.
  const inner = error instanceof AggregateError ? (error.errors[0] as NodeJS.ErrnoException) : (error as NodeJS.ErrnoException);
  const known = sentenceOfCode(inner);
  if (known !== null) return known;
  if (/unable to authenticate data/.test(inner.message)) {
    return 'A sealed value in the database does not open: SOROKA_SECRET_KEY is not the key that it was sealed with.';
  }
  return asSentence(inner.message);
}

function sentenceOfCode(error: NodeJS.ErrnoException & { path?: string; port?: number; address?: string }): string | null {
  const { code = '', syscall = '' } = error;
  if (code === 'EADDRINUSE')
    return `Port ${error.port} is in use: stop what listens there, or choose another with PORT or SOROKA_METRICS_PORT.`;
  if (code === 'EACCES' && syscall === 'listen')
    return `Port ${error.port} may not be used by this account: set PORT to one above 1023.`;
  if (NETWORK_CODES.has(code))
    return `The database cannot be reached (${code}): check DATABASE_URL and whether PostgreSQL runs there.`;
  if (code === '28P01' || code === '28000') return 'The database refused the login: check the user and password in DATABASE_URL.';
  if (code === '3D000') return 'The server has no database of the name in DATABASE_URL: create it first (createdb).';
  if (code === '42501') return `The database user may not do that (${error.message}): give it the rights.`;
  if (error.path === undefined) return null;
  if (code === 'ENOENT') return `There is no file ${error.path}.`;
  if (code === 'EACCES') return `The file ${error.path} may not be read by this account.`;
  if (code === 'EISDIR') return `${error.path} is a folder, not a file.`;
  return null;
}

function asSentence(text: string): string {
  const [first = ''] = text.trim().split('\n');
  return `${first.charAt(0).toUpperCase()}${first.slice(1)}${/[.!?]$/.test(first) ? '' : '.'}`;
}
