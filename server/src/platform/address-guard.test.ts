import { describe, expect, test } from 'vitest';
import { createAddressGuard } from './address-guard.ts';

const guard = createAddressGuard([]);

/** Spellings of targets that must never be called. Those in `LOOPBACK_SPELLINGS` of http-client.test.ts are also tried for real. */
const FORBIDDEN: Readonly<Record<string, readonly string[]>> = {
  'this network': ['0.0.0.0', '0', '0.1.2.3', '00.0.0.0'],
  loopback: ['127.0.0.1', '127.0.0.2', '127.255.255.255', '127.1', '127.0.1', '127.0.0.1.'],
  'loopback in other bases': [
    '2130706433',
    '0x7f000001',
    '0X7F000001',
    '0x7f.0x0.0x0.0x1',
    '0177.0.0.1',
    '017700000001',
    '0x7f.1',
    '0177.0.0x1',
  ],
  'loopback in other letters': ['１２７.０.０.１', '①②⑦.⓪.⓪.①', '127。0。0。1', '127%2e0%2e0%2e1', '%31%32%37.0.0.1'],
  'names of this machine': [
    'localhost',
    'LOCALHOST',
    'localhost.',
    'a.localhost',
    'ⓛocalhost',
    'localhost.localdomain',
    'ip6-localhost',
    'ip6-loopback',
  ],
  private: ['10.0.0.1', '10.255.255.255', '0xa000001', '012.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.0.1', '3232235521'],
  'carrier-grade': ['100.64.0.1', '100.100.100.200', '100.127.255.255'],
  'link-local and metadata': [
    '169.254.169.254',
    '169.254.170.2',
    '2852039166',
    '0xa9fea9fe',
    '0251.0376.0251.0376',
    '168.63.129.16',
  ],
  'IETF, documentation, benchmarks, relays': [
    '192.0.0.1',
    '192.0.0.192',
    '192.0.2.1',
    '192.88.99.1',
    '198.18.0.1',
    '198.19.255.255',
    '198.51.100.1',
    '203.0.113.1',
  ],
  'multicast, reserved, broadcast': ['224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255', '4294967295'],
  'IPv6 loopback and unspecified': ['[::1]', '[0:0:0:0:0:0:0:1]', '[0000::0001]', '[::]', '[::0.0.0.1]'],
  'IPv4 inside IPv6': [
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[0:0:0:0:0:FFFF:7F00:0001]',
    '[::ffff:10.0.0.1]',
    '[::ffff:169.254.169.254]',
    '[::127.0.0.1]',
    '[::ffff:0:127.0.0.1]',
  ],
  NAT64: [
    '[64:ff9b::127.0.0.1]',
    '[64:ff9b::7f00:1]',
    '[64:ff9b::10.0.0.1]',
    '[64:ff9b::a9fe:a9fe]',
    '[64:ff9b:1::1]',
    '[64:ff9b:1::8.8.8.8]',
  ],
  '6to4 and Teredo': ['[2002:7f00:1::]', '[2002:a9fe:a9fe::1]', '[2002:a00:1::1]', '[2002:808:808::1]', '[2001:0:7f00:1::]'],
  'IPv6 local': ['[fe80::1]', '[febf::1]', '[fec0::1]', '[fc00::1]', '[fd00:ec2::254]', '[fdff::1]'],
  'IPv6 multicast, documentation, discard, segments': [
    '[ff02::1]',
    '[ff0e::1]',
    '[2001:db8::1]',
    '[3fff::1]',
    '[100::1]',
    '[5f00::1]',
    '[2001:2::1]',
  ],
};

describe.each(Object.entries(FORBIDDEN))('%s', (_range, hosts) => {
  test.each(hosts)('http://%s is refused', (host) => {
    for (const url of [`http://${host}/`, `https://${host}:8443/path?query`])
      expect(guard.refusalOfUrl(url)).toEqual(expect.any(String));
  });
});

test('at least eighty spellings are tried', () => {
  expect(new Set(Object.values(FORBIDDEN).flat()).size).toBeGreaterThanOrEqual(80);
});

test.each([
  ['ftp://example.com/', 'is not an http or https URL'],
  ['file:///etc/passwd', 'is not an http or https URL'],
  ['gopher://127.0.0.1:6379/_', 'is not an http or https URL'],
  ['javascript:alert(1)', 'is not an http or https URL'],
  ['http://user@example.com/', 'contains a user name or a password'],
  ['http://:secret@example.com/', 'contains a user name or a password'],
  ['http://example.com@127.0.0.1/', 'contains a user name or a password'],
  ['/relative', 'is not a URL'],
  ['', 'is not a URL'],
  ['http://', 'is not a URL'],
  ['http://[::1%25lo]/', 'is not a URL'],
  ['http://[fe80::1%eth0]/', 'is not a URL'],
  ['http://1.2.3.4.5/', 'is not a URL'],
  ['http://256.0.0.1/', 'is not a URL'],
  ['http://a b/', 'is not a URL'],
  [`http://example.com/${'a'.repeat(2048)}`, 'is longer than 2048 characters'],
])('%s is refused because it %s', (url, reason) => {
  expect(guard.refusalOfUrl(url)).toBe(reason);
});

test.each([
  'http://your.website.com/', // the status_url of the vendor's example
  'https://example.com:8443/callbacks?token=1',
  'http://127.0.0.1.example.com/', // a name like any other: judged when it is looked up
  'http://localhost.example.com/',
  'http://8.8.8.8/',
  'http://172.32.0.1/',
  'http://100.128.0.1/',
  'http://[2606:4700:4700::1111]/',
  'http://[64:ff9b::8.8.8.8]/', // what DNS64 makes of a public address
  'http://почта.рф/',
])('%s is allowed', (url) => {
  expect(guard.refusalOfUrl(url)).toBeNull();
});

test('an address with its interface, as resolvers print it, is judged like the bare one', () => {
  expect(guard.refusalOfAddress('fe80::1%eth0')).toMatch(/not a public address/);
});

test.each(['', 'example.com', '::1::'])('"%s" is refused where an address is expected', (address) => {
  expect(guard.refusalOfAddress(address)).toMatch(/cannot be read/);
});

describe('with 127.0.0.0/8 and fd00:1::/32 allowed', () => {
  const trusting = createAddressGuard(['127.0.0.0/8', 'fd00:1::/32']);

  test.each([
    'http://127.0.0.1/',
    'http://2130706433/',
    'http://[::ffff:127.0.0.1]/',
    'http://localhost/',
    'http://[fd00:1::5]/',
  ])('%s is allowed', (url) => {
    expect(trusting.refusalOfUrl(url)).toBeNull();
  });

  test.each(['http://10.0.0.1/', 'http://[::1]/', 'http://[fd00:2::5]/', 'http://169.254.169.254/', 'http://user@127.0.0.1/'])(
    '%s stays refused',
    (url) => {
      expect(trusting.refusalOfUrl(url)).toEqual(expect.any(String));
    },
  );
});

test('single addresses can be allowed', () => {
  const trusting = createAddressGuard(['10.0.0.7', '::1']);
  expect(['http://10.0.0.7/', 'http://[::1]/'].map(trusting.refusalOfUrl)).toEqual([null, null]);
  expect(trusting.refusalOfUrl('http://10.0.0.8/')).toMatch(/not a public address/);
});

test.each(['10.0.0.0/33', 'intranet', '10.0', ''])('"%s" is no range, and the error says so', (range) => {
  expect(() => createAddressGuard(['10.0.0.0/8', range])).toThrow(`"${range}" is neither an address nor a range`);
});
