import { stemmer } from '@orama/stemmers/russian';

// Buttons of ours are far shorter; whatever is longer may be nested too deeply to be walked through.
const PAYLOAD_CHARACTERS_MAX = 1_024;

/** Words as rules compare them: letters and digits only, small, with е for ё; whoever types ё or Ё or «Привет!!!» means the same. */
export function wordsOf(text: string): string[] {
  return (
    fold(text)
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  );
}

/** One way to write what can be written in several: composed letters, е for ё. Case stays, so that it can be used on a pattern. */
export function fold(text: string): string {
  return text.normalize('NFKC').replaceAll('ё', 'е').replaceAll('Ё', 'Е');
}

/** What the forms of a Russian word share: «доставку» and «доставкой» give «доставк». Takes a word of `wordsOf`. */
export function stemOf(word: string): string {
  return stemmer(word);
}

/** Payloads as rules compare them: JSON with sorted keys, so that spaces and the order of keys do not matter; other text as a JSON text. */
export function canonicalPayload(payload: string): string {
  return canonicalJson(payloadValue(payload));
}

/** The same for a value of a bot's file. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** What a payload says: OK's are any text, VK's are JSON. */
export function payloadValue(payload: string): unknown {
  if (payload.length > PAYLOAD_CHARACTERS_MAX) return payload;
  try {
    return JSON.parse(payload);
  } catch {
    return payload;
  }
}
