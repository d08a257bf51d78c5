/** Signs that no text has: from a range that Unicode leaves to whoever wants it. */
export const MARK_ON = '\uE000';
export const MARK_OFF = '\uE001';

/** A text with places in it. */
export interface Marked {
  text: string;
  /** In UTF-16 code units, `to` not included. */
  marks: readonly { from: number; to: number }[];
}

/** Takes the signs out of a text, and says where they stood. */
export function cutMarks(marked: string): Marked {
  const marks: { from: number; to: number }[] = [];
  let text = '';
  for (const [index, part] of marked.split(MARK_ON).entries()) {
    const [inside = '', ...after] = part.split(MARK_OFF);
    if (index > 0 && inside !== '') marks.push({ from: text.length, to: text.length + inside.length });
    text += inside + after.join('');
  }
  return { text, marks };
}
