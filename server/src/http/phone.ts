import { type PhoneNumber, parsePhoneNumberFromString } from 'libphonenumber-js/max';

const DEFAULT_COUNTRY = 'RU';
// Digits with what people put between them. Letters, extensions and several numbers in one are refused.
const WRITTEN_NUMBER = /^\+?[\d\s().\u00a0\u2010-\u2015-]{5,30}$/;
// As most customers store them: 79…, +79…, 89… and 9…; the last two only where they are mobile under +7 beyond doubt.
const PLAIN_RUSSIAN = /^(?:\+?7\d{10}|8?9\d{9})$/;
const MOBILE_TYPES: ReadonlySet<string | undefined> = new Set(['MOBILE', 'FIXED_LINE_OR_MOBILE']);

// Under +7 the first three digits after the code decide the kind of a number, so that a batch of Russian numbers costs
// one look at the metadata per prefix instead of 27 µs per number. In 930 later digits count too. Both are held by a
// test against the library.
const mobilePrefixes = new Map<string, boolean>();
const UNDECIDED_PREFIX = '7930';

/**
 * The digits of E.164 without the plus, or null where the text is no possible mobile number. A number without a plus is
 * read as a Russian one (a leading 8, or ten digits), and only where there is no such Russian number as an international
 * one: 84951234567 is a landline in Moscow and never a mobile in Vietnam.
 */
export function mobileNumber(text: string): string | null {
  if (PLAIN_RUSSIAN.test(text)) {
    const number = `7${text.slice(-10)}`;
    if (!number.startsWith(UNDECIDED_PREFIX)) {
      if (isMobilePrefix(number)) return number;
      if (text.startsWith('7') || text.startsWith('+')) return null;
    }
  }
  if (!WRITTEN_NUMBER.test(text)) return null;
  const russian = parsePhoneNumberFromString(text, { defaultCountry: DEFAULT_COUNTRY, extract: false });
  if (russian?.isValid() || text.startsWith('+')) return mobileOnly(russian);
  return mobileOnly(parsePhoneNumberFromString(`+${text}`, { extract: false }));
}

function isMobilePrefix(number: string): boolean {
  const prefix = number.slice(0, 4);
  const known = mobilePrefixes.get(prefix);
  if (known !== undefined) return known;
  const isMobile = mobileOnly(parsePhoneNumberFromString(`+${number}`, { extract: false })) !== null;
  mobilePrefixes.set(prefix, isMobile);
  return isMobile;
}

function mobileOnly(number: PhoneNumber | undefined): string | null {
  return number !== undefined && MOBILE_TYPES.has(number.getType()) ? number.number.slice(1) : null;
}
