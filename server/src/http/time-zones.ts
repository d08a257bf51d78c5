const ZONE_NAME = /^[A-Za-z][\w+/-]{1,50}$/;
const zones = new Map<string, string>(); // as many as the time zone database has names
/** The usual spelling of a time zone's name, null where there is no such zone. */
export function zoneName(given: string): string | null {
  if (!ZONE_NAME.test(given)) return null;
  const known = zones.get(given.toLowerCase());
  if (known !== undefined) return known;
  const zone = resolveZone(given);
  if (zone !== null) zones.set(given.toLowerCase(), zone);
  return zone;
}
function resolveZone(given: string): string | null {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: given }).resolvedOptions().timeZone;
  } catch {
    return null;
  }
}
