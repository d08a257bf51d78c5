/** A notification that the upstream took. */
export interface Arrival {
  service: string;
  phone: string;
  /** Wall time of the receipt of its call, ms. */
  at: number;
}

/** All that the upstream took, in its order, longer than the messages themselves are kept: what a load run is measured by. */
export interface Arrivals {
  record(arrival: Arrival): void;
  /** At most `max` from the place `from` on, 0 the first of the run. Those that are forgotten are left out. */
  list(from: number, max: number): Arrival[];
  /** One more than the place of the newest. */
  count(): number;
  reset(): void;
}

// Ten minutes of 5,000 a second. Twenty bytes each, in parts that are made as they are needed.
const PARTS_MAX = 48;
const PART = 65_536;

interface Part {
  at: Float64Array;
  phone: Float64Array;
  service: Uint32Array;
}

export function createArrivals(): Arrivals {
  let parts: Part[] = [];
  let forgottenParts = 0;
  let count = 0;
  const services: string[] = [];
  const numberOf = new Map<string, number>();

  const serviceNumber = (service: string): number => {
    const known = numberOf.get(service) ?? services.push(service) - 1;
    numberOf.set(service, known);
    return known;
  };
  const partOf = (place: number): Part | undefined => parts[Math.floor(place / PART) - forgottenParts];

  return {
    record({ service, phone, at }) {
      if (count % PART === 0) {
        parts.push({ at: new Float64Array(PART), phone: new Float64Array(PART), service: new Uint32Array(PART) });
        if (parts.length > PARTS_MAX) {
          parts = parts.slice(1);
          forgottenParts += 1;
        }
      }
      const part = partOf(count) as Part;
      const place = count % PART;
      part.at[place] = at;
      part.phone[place] = Number(phone); // at most 15 digits
      part.service[place] = serviceNumber(service);
      count += 1;
    },
    list(from, max) {
      const first = Math.max(from, forgottenParts * PART);
      const length = Math.max(0, Math.min(max, count - first));
      return Array.from({ length }, (_, index) => {
        const part = partOf(first + index) as Part;
        const place = (first + index) % PART;
        return {
          service: services[part.service[place] as number] as string,
          phone: String(part.phone[place]),
          at: part.at[place] as number,
        };
      });
    },
    count: () => count,
    reset() {
      parts = [];
      forgottenParts = 0;
      count = 0;
    },
  };
}
