import ipaddr from 'ipaddr.js';
import { AppError } from '../platform/errors.ts';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** Decides by address who may call. */
export interface SourceAddresses {
  /** Whether the caller's address is on the list. `forwardedFor` is the header's value; it is believed only from trusted proxies. */
  allows(socketAddress: string | undefined, forwardedFor: string | undefined): boolean;
}

/** Both lists in CIDR form, single addresses too. Throws `config.invalid` naming what cannot be read. */
export function createSourceAddresses(lists: { allowed: readonly string[]; trustedProxies: readonly string[] }): SourceAddresses {
  const allowed = lists.allowed.map(rangeOf);
  const trusted = lists.trustedProxies.map(rangeOf);
  return {
    allows(socketAddress, forwardedFor) {
      const caller = callerOf(socketAddress, forwardedFor, trusted);
      return caller !== undefined && isIn(caller, allowed);
    },
  };
}

/**
 * The nearest address that is none of our proxies. Read from the right: every proxy adds the address it was called from
 * at the end, and what stands further left was written by the caller.
 */
function callerOf(
  socketAddress: string | undefined,
  forwardedFor: string | undefined,
  trusted: readonly Range[],
): Address | undefined {
  const hops = (forwardedFor ?? '').split(',').map((hop) => hop.trim());
  let caller = addressOf(socketAddress);
  while (caller !== undefined && isIn(caller, trusted)) {
    const hop = hops.pop();
    if (hop === undefined || hop === '') return caller;
    caller = addressOf(hop);
  }
  return caller;
}

type Range = readonly [Address, number];

function isIn(address: Address, ranges: readonly Range[]): boolean {
  return ranges.some(([range, bits]) => address.kind() === range.kind() && address.match(range, bits));
}

/** IPv4 in IPv6's clothes comes out as IPv4. */
function addressOf(text: string | undefined): Address | undefined {
  return text !== undefined && ipaddr.isValid(text) ? ipaddr.process(text) : undefined;
}

function rangeOf(text: string): Range {
  const [address = '', bits] = text.split('/');
  try {
    if (bits !== undefined) return ipaddr.parseCIDR(text);
    const single = ipaddr.process(address);
    return [single, single.kind() === 'ipv4' ? 32 : 128];
  } catch (error) {
    throw new AppError('config.invalid', `"${text}" is no address range: write it like 217.20.145.192/28`, { cause: error });
  }
}
