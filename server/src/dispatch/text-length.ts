/** Characters as a person counts them, not UTF-16 units: an emoji is one or two, a Russian letter one. */
export const charactersOf = (text: string): number => [...text].length;

export const isLongerThan = (text: string, charactersMax: number): boolean =>
  text.length > charactersMax && charactersOf(text) > charactersMax;
