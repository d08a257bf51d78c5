export {
  hasKeyword,
  type KeywordMode,
  type Keywords,
  type Phrase,
  phrasesOf,
  type ReadText,
  readText,
  type Synonyms,
} from './phrases.ts';
export { canonicalJson, canonicalPayload, fold, payloadValue, stemOf, wordsOf } from './words.ts';
