import { describe, expect, test } from 'vitest';
import { FORBIDDEN_HOSTS } from '../../test/forbidden-hosts.ts';
import { createAddressGuard } from './address-guard.ts';

const guard = createAddressGuard([]);

describe.each(Object.entries(FORBIDDEN_HOSTS))('%s', (_range, hosts) => {
  test.each(hosts)('http://%s is refused', (host) => {
    for (const url of [`http://${host}/`, `https://${host}:8443/path?query`])
      expect(guard.refusalOfUrl(url)).toEqual(expect.any(String));
  });
});

test('at least eighty spellings are tried', () => {
  expect(new Set(Object.values(FORBIDDEN_HOSTS).flat()).size).toBeGreaterThanOrEqual(80);
});

test.each([
  ['ftp://example.com/', 'is not an http or https URL'],
  ['file:///etc/passwd', 'is not an http or https URL'],
  ['gopher://127.0.0.1:6379/_', 'is not an http or https URL'],
  ['javascript:alert(1)', 'is not an http or https URL'],
  ['http://user@example.com/', 'contains a user name or a password'],
  ['http://:secret@example.com/', 'contains a user name or a password'],
  ['http://example.com@127.0.0.1/', 'contains a user name or a password'],
  ['http://example.com:25/', 'names port 25, which belongs to another protocol'],
  ['https://example.com:6667/', 'names port 6667, which belongs to another protocol'],
  ['http://93.184.215.14:22/', 'names port 22, which belongs to another protocol'],
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
  'http://example.com:80/',
  'http://example.com:443/',
  'http://example.com:8080/',
  'http://example.com:6379/', // not among those of the Fetch standard; what listens inside is closed by its address
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
