import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Cidr = [Address, number];

/** Tells which targets a customer may make us call. */
export interface AddressGuard {
  /**
   * Why this URL must not be called, as the end of a sentence about it; null when its form and literal address are fine.
   * No DNS: what a name stands for is judged by `refusalOfAddress` when it is looked up.
   */
  refusalOfUrl(url: string): string | null;
  /** The same for one IP address as the resolver or a socket prints it. */
  refusalOfAddress(address: string): string | null;
}

const URL_CHARACTERS_MAX = 2048;

// IANA special-purpose address registry and what clouds put on addresses of their own. Source: reliability.md 1.2, "Ranges".
const FORBIDDEN_V4 = [
  '0.0.0.0/8', // this network
  '10.0.0.0/8', // private
  '100.64.0.0/10', // shared by carriers; some clouds answer for metadata here
  '127.0.0.0/8', // loopback
  '168.63.129.16/32', // a public address by registry, the platform's own inside an Azure network
  '169.254.0.0/16', // link-local, metadata of most clouds
  '172.16.0.0/12', // private
  '192.0.0.0/24', // IETF protocols
  '192.0.2.0/24', // documentation
  '192.88.99.0/24', // 6to4 relays
  '192.168.0.0/16', // private
  '198.18.0.0/15', // benchmarks
  '198.51.100.0/24', // documentation
  '203.0.113.0/24', // documentation
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, broadcast
].map((cidr): Cidr => ipaddr.parseCIDR(cidr));

// In IPv6 only this block is given out to the public: loopback, link-local, unique local, multicast, 64:ff9b:1::/48, 100::/64
// and 5f00::/16 lie outside. The exceptions inside it follow.
const PUBLIC_V6 = ipaddr.parseCIDR('2000::/3');
const FORBIDDEN_V6 = [
  '2001::/23', // IETF protocols, Teredo and benchmarks among them
  '2001:db8::/32', // documentation
  '2002::/16', // 6to4: wraps any IPv4 address
  '3fff::/20', // documentation
].map((cidr): Cidr => ipaddr.parseCIDR(cidr));

// DNS64 gives public hosts these addresses on networks without IPv4: they are judged by the IPv4 address inside.
const NAT64 = ipaddr.parseCIDR('64:ff9b::/96');

// What listens there takes commands line by line and could read some in a body. Source: fetch.spec.whatwg.org, "port blocking".
const FOREIGN_PORTS: ReadonlySet<number> = new Set([
  ...[
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110, 111,
    113,
  ],
  ...[
    115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556,
    563,
  ],
  ...[
    587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668,
    6669,
  ],
  ...[6679, 6697, 10080],
]);

const LOOPBACK_NAMES = new Set([
  'localhost',
  'localhost.localdomain',
  'localhost6',
  'localhost6.localdomain6',
  'ip6-localhost',
  'ip6-loopback',
]);

/**
 * `allowCidrs` are ranges or single addresses of internal receivers that the operator trusts, such as `10.1.0.0/16` or `::1`;
 * they win over everything forbidden. Throws a RangeError naming the range that cannot be read.
 */
export function createAddressGuard(allowCidrs: readonly string[]): AddressGuard {
  const allowed = allowCidrs.map(parseCidr);

  const refusalOfAddress = (text: string): string | null => {
    const bare = text.replace(/%.*$/, ''); // a resolver may append the interface: fe80::1%eth0
    if (!ipaddr.isValid(bare)) return `has an address that cannot be read: ${text}`;
    const address = unwrapped(ipaddr.parse(bare));
    if (allowed.some((cidr) => contains(cidr, address))) return null;
    return isPublic(address) ? null : `leads to ${text}, which is not a public address`;
  };

  const refusalOfHost = (hostname: string): string | null => {
    if (hostname.startsWith('[')) return refusalOfAddress(hostname.slice(1, -1));
    if (ipaddr.IPv4.isValidFourPartDecimal(hostname)) return refusalOfAddress(hostname);
    const name = hostname.replace(/\.$/, '');
    if (name !== '' && !LOOPBACK_NAMES.has(name) && !name.endsWith('.localhost')) return null;
    return refusalOfAddress('127.0.0.1') === null || refusalOfAddress('::1') === null
      ? null
      : `leads to ${hostname}, this machine itself`;
  };

  return {
    refusalOfAddress,
    refusalOfUrl(text) {
      if (text.length > URL_CHARACTERS_MAX) return `is longer than ${URL_CHARACTERS_MAX} characters`;
      const url = URL.parse(text);
      if (url === null) return 'is not a URL';
      if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'is not an http or https URL';
      if (url.username !== '' || url.password !== '') return 'contains a user name or a password';
      if (url.port !== '' && FOREIGN_PORTS.has(Number(url.port)))
        return `names port ${url.port}, which belongs to another protocol`;
      // The parser has turned 0x7f.1, 2130706433, 0177.0.0.1, full-width digits and the like into four decimals by now.
      return refusalOfHost(url.hostname);
    },
  };
}

function parseCidr(text: string): Cidr {
  if (ipaddr.isValidCIDR(text)) return ipaddr.parseCIDR(text);
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return [ipaddr.parse(text), 32];
  if (ipaddr.IPv6.isValid(text)) return [ipaddr.parse(text), 128];
  throw new RangeError(`"${text}" is neither an address nor a range: write it like 10.1.0.0/16 or ::1`);
}

function unwrapped(address: Address): Address {
  if (!(address instanceof ipaddr.IPv6)) return address;
  if (address.isIPv4MappedAddress()) return address.toIPv4Address();
  if (contains(NAT64, address)) return new ipaddr.IPv4(address.toByteArray().slice(12));
  return address;
}

function isPublic(address: Address): boolean {
  if (address instanceof ipaddr.IPv4) return !FORBIDDEN_V4.some((cidr) => contains(cidr, address));
  return contains(PUBLIC_V6, address) && !FORBIDDEN_V6.some((cidr) => contains(cidr, address));
}

function contains([network, bits]: Cidr, address: Address): boolean {
  return network.kind() === address.kind() && address.match([network, bits] as [ipaddr.IPv4, number] & [ipaddr.IPv6, number]);
}
