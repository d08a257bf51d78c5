/** Whether PostgreSQL gives a text back as it got it: it refuses U+0000, and half a surrogate pair comes back as U+FFFD. */
export function isStorableText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

/** Matches every JSON text with a string that is not storable, and few others: JSON in UTF-8 can write those only as escapes. */
export const MAY_BE_UNSTORABLE = /\\u(?:0000|[dD][89a-fA-F])/;

export const UNSTORABLE = 'must hold neither U+0000 nor half a surrogate pair';
