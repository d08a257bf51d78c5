import { distance } from 'fastest-levenshtein';
import { stemOf, wordsOf } from './words.ts';

/**
 * How keywords are looked for: `words` as they are written, with `*` for any ending; `contains` in any form of the word;
 * `fuzzy` with typos too; `exact`: the message says nothing else.
 */
export type KeywordMode = 'words' | 'contains' | 'exact' | 'fuzzy';

export interface PhraseWord {
  word: string;
  /** Of the word itself, and of its synonyms. */
  stems: readonly string[];
  /** Written with `*`: the word of the text may go on. */
  isBeginning: boolean;
}
/** Words that must stand in a row. */
export type Phrase = readonly PhraseWord[];
export interface Keywords {
  mode: KeywordMode;
  /** Any of them. */
  phrases: readonly Phrase[];
  /** Stems that other rules know: a word among them is no typo of ours. */
  known?: ReadonlySet<string>;
}

/** Groups of words and phrases that mean the same. */
export type Synonyms = readonly (readonly string[])[];

/** A text, read once for all rules. */
export interface ReadText {
  words: readonly string[];
  stems: readonly string[];
}

// Messages beyond this are pasted documents.
const WORDS_MAX = 700;

export function readText(text: string): ReadText {
  const words = wordsOf(text).slice(0, WORDS_MAX);
  return { words, stems: words.map(stemOf) };
}

/** A keyword as phrases: itself, and the phrases of several words that mean the same. Empty where it holds no letter and no digit. */
export function phrasesOf(keyword: string, synonyms: Synonyms): Phrase[] {
  const own = phraseOf(keyword, synonyms);
  if (own.length === 0) return [];
  const key = keyOf(keyword);
  const others = synonyms
    .filter((group) => group.some((member) => keyOf(member) === key))
    .flat()
    .filter((member) => keyOf(member) !== key && (wordsOf(member).length > 1 || own.length > 1));
  return [own, ...others.map((member) => phraseOf(member, synonyms))];
}

function phraseOf(keyword: string, synonyms: Synonyms): Phrase {
  return keyword.split(/\s+/).flatMap((part) => {
    const words = wordsOf(part);
    return words.map((word, at) => ({
      word,
      stems: stemsOf(word, synonyms),
      isBeginning: part.endsWith('*') && at === words.length - 1,
    }));
  });
}

const keyOf = (text: string): string => wordsOf(text).map(stemOf).join(' ');

function stemsOf(word: string, synonyms: Synonyms): string[] {
  const own = stemOf(word);
  const same = synonyms
    .map((group) => group.map(wordsOf).filter((words) => words.length === 1))
    .map((group) => group.map(([member = '']) => stemOf(member)))
    .filter((stems) => stems.includes(own));
  return [...new Set([own, ...same.flat()])];
}

/** Whether a text has one of the keywords. */
export function hasKeyword(text: ReadText, { mode, phrases, known }: Keywords): boolean {
  return phrases.some((phrase) =>
    mode === 'exact'
      ? phrase.length === text.words.length && standsAt(text, 0, phrase, fitsExactly)
      : text.words.some((_, from) => standsAt(text, from, phrase, mode === 'fuzzy' ? fitsWithTypos(known) : FITS[mode])),
  );
}

type Fits = (wanted: PhraseWord, word: string, stem: string) => boolean;

function standsAt(text: ReadText, from: number, phrase: Phrase, fits: Fits): boolean {
  return phrase.every((wanted, offset) => {
    const word = text.words[from + offset];
    return word !== undefined && fits(wanted, word, text.stems[from + offset] ?? word);
  });
}

/** Their short stems are those of other words: «меня» and «меню» are both «мен». */
const PRONOUNS = new Set(
  'я меня мне мной ты тебя тебе тобой он его ему им она ее ей они их мы нас нам нами вы вас вам вами себя себе мой моя мое мои моего моей моих'.split(
    ' ',
  ),
);
const fitsExactly: Fits = ({ word: wanted, isBeginning }, word) => (isBeginning ? word.startsWith(wanted) : word === wanted);
const fitsInForm: Fits = (wanted, word, stem) =>
  fitsExactly(wanted, word, stem) || (!wanted.isBeginning && !PRONOUNS.has(word) && wanted.stems.includes(stem));
const fitsWithTypos =
  (known: ReadonlySet<string> = new Set()): Fits =>
  (wanted, word, stem) =>
    fitsInForm(wanted, word, stem) ||
    (!known.has(stem) && (isTypoOf(wanted.word, word) || wanted.stems.some((one) => isTypoOf(one, stem))));

const FITS: Readonly<Record<Exclude<KeywordMode, 'exact' | 'fuzzy'>, Fits>> = {
  words: fitsExactly,
  contains: fitsInForm,
};

/** One slip for words of 5 letters and more, two for 9 and more; letters that changed places are one slip. The first letter is rarely wrong. */
function isTypoOf(known: string, found: string): boolean {
  const slips = known.length >= 9 ? 2 : known.length >= 5 ? 1 : 0;
  if (slips === 0 || known[0] !== found[0] || Math.abs(known.length - found.length) > slips) return false;
  return distance(known, found) <= slips || isSwap(known, found);
}

function isSwap(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  const at = [...a].findIndex((letter, index) => letter !== b[index]);
  return at !== -1 && a[at] === b[at + 1] && a[at + 1] === b[at] && a.slice(at + 2) === b.slice(at + 2);
}
