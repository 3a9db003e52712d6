import type { LookupAddress } from 'node:dns';
import fc from 'fast-check';
import {
  type AddressPolicy,
  AddressRefused,
  checkAddress,
  checkHost,
  checkUrl,
  guardedLookup,
  NameUnresolved,
  PUBLIC_ADDRESSES,
  type Resolve,
} from '../../../lambdas/shared/http/address-guard.ts';
import { anyCharacter } from '../../support/any-character.ts';

const LOCAL: AddressPolicy = { ...PUBLIC_ADDRESSES, allowLoopback: true };

/** The reason of a refusal; undefined when the URL is accepted. */
function reasonOf(url: string, policy = PUBLIC_ADDRESSES): string | undefined {
  try {
    checkUrl(url, policy);
    return undefined;
  } catch (error) {
    if (error instanceof AddressRefused) return error.reason;
    throw error;
  }
}

test.each([
  ['https://hooks.example.com', 'https://hooks.example.com/'],
  ['https://hooks.example.com/', 'https://hooks.example.com/'],
  ['https://hooks.example.com:443/a', 'https://hooks.example.com/a'],
  ['https://hooks.example.com:8443/a', 'https://hooks.example.com:8443/a'],
  ['https://hooks.example.com/a/b?c=d&e=%20f', 'https://hooks.example.com/a/b?c=d&e=%20f'],
  ['https://hooks.example.com?c=d', 'https://hooks.example.com/?c=d'],
  ['https://hooks.example.com/a/../b', 'https://hooks.example.com/b'],
  ['https://hooks.example.com/@me/a:b@c', 'https://hooks.example.com/@me/a:b@c'],
  ["https://hooks.example.com/?q='", 'https://hooks.example.com/?q=%27'],
  ['HTTPS://Hooks.Example.COM/Path', 'https://hooks.example.com/Path'],
  ['https://xn--bcher-kva.example.com/', 'https://xn--bcher-kva.example.com/'],
  ['https://xn--fiqs8s.com/', 'https://xn--fiqs8s.com/'],
  ['https://1.2.3.4.example.com/', 'https://1.2.3.4.example.com/'],
  ['https://0x7f.1.example.com/', 'https://0x7f.1.example.com/'],
  ['https://example.co/', 'https://example.co/'],
  ['https://a-b--c.example.com/', 'https://a-b--c.example.com/'],
  ['https://internal.example.com/', 'https://internal.example.com/'],
  ['https://93.184.215.14/', 'https://93.184.215.14/'],
  ['https://[2606:4700:0:0::1111]/', 'https://[2606:4700::1111]/'],
  ['https://[2606:4700::1111]:8443/', 'https://[2606:4700::1111]:8443/'],
  [`https://${'a'.repeat(63)}.example.com/`, `https://${'a'.repeat(63)}.example.com/`],
  [`https://hooks.example.com/${'a'.repeat(2_022)}`, `https://hooks.example.com/${'a'.repeat(2_022)}`],
])('%s is accepted', (url, href) => {
  expect(checkUrl(url, PUBLIC_ADDRESSES).href).toBe(href);
});

test.each([
  // No URL, or not one with a host.
  ['', 'not absolute'],
  ['hooks.example.com', 'not absolute'],
  ['//hooks.example.com/', 'not absolute'],
  ['/hook', 'not absolute'],
  ['https:hooks.example.com', 'not absolute'],
  ['https:/hooks.example.com', 'not absolute'],
  ['data:text/plain,hi', 'not absolute'],
  ['javascript:alert(1)', 'not absolute'],
  ['mailto:me@example.com', 'not absolute'],
  ['https://', 'no host'],
  ['https:///hooks.example.com', 'no host'],
  ['https://?a', 'no host'],
  ['https://:443/', 'no host'],
  ['file:///etc/passwd', 'no host'],
  // Another scheme.
  ['http://hooks.example.com/', 'scheme http '],
  ['ftp://hooks.example.com/', 'scheme ftp '],
  ['ws://hooks.example.com/', 'scheme ws '],
  ['gopher://hooks.example.com/', 'scheme gopher '],
  ['https+unix://hooks.example.com/', 'not absolute'],
  // Ports.
  ['https://hooks.example.com:80/', 'Port 80 '],
  ['https://hooks.example.com:22/', 'Port 22 '],
  ['https://hooks.example.com:6379/', 'Port 6379 '],
  ['https://hooks.example.com:0/', 'port cannot be read'],
  ['https://hooks.example.com:65536/', 'port is not valid'],
  ['https://hooks.example.com:99999999999/', 'port is not valid'],
  ['https://hooks.example.com:-1/', 'port cannot be read'],
  ['https://hooks.example.com:/', 'port cannot be read'],
  ['https://hooks.example.com:0443/', 'port cannot be read'],
  ['https://hooks.example.com:443:443/', 'port cannot be read'],
  ['https://hooks.example.com:4 43/', 'space'],
  // Credentials and fragments.
  ['https://me:secret@hooks.example.com/', 'user name'],
  ['https://me@hooks.example.com/', 'user name'],
  ['https://@hooks.example.com/', 'user name'],
  ['https://:@hooks.example.com/', 'user name'],
  ['https://hooks.example.com@127.0.0.1/', 'user name'],
  ['https://hooks.example.com:443@127.0.0.1/', 'user name'],
  ['https://127.0.0.1#@hooks.example.com/', 'fragment'],
  ['https://hooks.example.com/#', 'fragment'],
  // Too long.
  [`https://hooks.example.com/${'a'.repeat(2_023)}`, 'longer than 2048'],
  [`https://hooks.example.com/?${"'".repeat(1_000)}`, 'longer than 2048'],
  // White space, control characters, and what parsers disagree about.
  [' https://hooks.example.com/', 'space'],
  ['https://hooks.example.com/ ', 'space'],
  ['https://hooks.example.com/a b', 'space'],
  ['https://hooks.exa\tmple.com/', 'space'],
  ['https://hooks.exa\nmple.com/', 'space'],
  ['ht\ntps://127.0.0.1/', 'space'],
  ['https://hooks.example.com/\r\nHost: x', 'space'],
  ['https://hooks.example.com/\0', 'space'],
  ['https://hooks.example.com/\x7f', 'space'],
  ['https:\\\\hooks.example.com\\', 'one of'],
  ['https://hooks.example.com\\@127.0.0.1/', 'one of'],
  ['https://hooks.example.com\\.127.0.0.1/', 'one of'],
  ['https://hooks.example.com/{id}', 'one of'],
  ['https://hooks.example.com/<id>', 'one of'],
  ['https://hooks.example.com/|', 'one of'],
  // Outside ASCII.
  ['https://bücher.example.com/', 'outside ASCII'],
  ['https://hооks.example.com/', 'outside ASCII'],
  ['https://１２７.0.0.1/', 'outside ASCII'],
  ['https://127。0。0。1/', 'outside ASCII'],
  ['https://①②⑦.0.0.1/', 'outside ASCII'],
  ['https://loc\u00adalhost/', 'outside ASCII'],
  ['https://hooks.example.com/ü', 'outside ASCII'],
  ['https://hooks.example.com\u202e/', 'outside ASCII'],
  // Hosts spelled so that they look like another.
  ['https://127%2e0%2e0%2e1/', 'percent sign'],
  ['https://%31%32%37.0.0.1/', 'percent sign'],
  ['https://hooks.example.com%00.evil.com/', 'percent sign'],
  ['https://hooks.example.com./', 'ends in a dot'],
  ['https://127.0.0.1./', 'ends in a dot'],
  ['https://localhost./', 'ends in a dot'],
  ['https://./', 'ends in a dot'],
  ['https://.example.com/', 'not a valid host name'],
  ['https://hooks..example.com/', 'not a valid host name'],
  ['https://-hooks.example.com/', 'not a valid host name'],
  ['https://hooks-.example.com/', 'not a valid host name'],
  ['https://my_hooks.example.com/', 'not a valid host name'],
  ['https://*.example.com/', 'not a valid host name'],
  ['https://hooks,example.com/', 'not a valid host name'],
  ['https://$HOST.example.com/', 'not a valid host name'],
  [`https://${'a'.repeat(64)}.example.com/`, 'not a valid host name'],
  [`https://${'a.'.repeat(124)}example.com/`, 'not a valid host name'],
  // IPv4 in other than four decimal numbers.
  ['https://2130706433/', 'unusual way'],
  ['https://0x7f000001/', 'unusual way'],
  ['https://0X7F000001/', 'unusual way'],
  ['https://017700000001/', 'unusual way'],
  ['https://0x7f.1/', 'unusual way'],
  ['https://127.1/', 'unusual way'],
  ['https://127.0.1/', 'unusual way'],
  ['https://0177.0.0.1/', 'unusual way'],
  ['https://127.0.0.01/', 'unusual way'],
  ['https://127.0.0.0x1/', 'unusual way'],
  ['https://127.0.0.1.1/', 'unusual way'],
  ['https://256.0.0.1/', 'unusual way'],
  ['https://0/', 'unusual way'],
  ['https://0x/', 'unusual way'],
  ['https://134744072/', 'unusual way'],
  ['https://8.8.2056/', 'unusual way'],
  ['https://a.1/', 'unusual way'],
  // Addresses that are not public.
  ['https://127.0.0.1/', 'public address'],
  ['https://127.255.255.254/', 'public address'],
  ['https://0.0.0.0/', 'public address'],
  ['https://10.0.0.1/', 'public address'],
  ['https://192.168.1.1:8443/', 'public address'],
  ['https://169.254.169.254/latest/meta-data/', 'public address'],
  ['https://169.254.170.2/v2/credentials', 'public address'],
  ['https://255.255.255.255/', 'public address'],
  ['https://[::1]/', 'public address'],
  ['https://[::]/', 'public address'],
  ['https://[0:0:0:0:0:0:0:1]/', 'public address'],
  ['https://[::ffff:127.0.0.1]/', 'public address'],
  ['https://[::ffff:7f00:1]/', 'public address'],
  ['https://[::ffff:8.8.8.8]/', 'public address'],
  ['https://[::127.0.0.1]/', 'public address'],
  ['https://[64:ff9b::7f00:1]/', 'public address'],
  ['https://[2002:7f00:1::]/', 'public address'],
  ['https://[fe80::1]/', 'public address'],
  ['https://[fd00:ec2::254]/latest/meta-data/', 'public address'],
  ['https://[fe80::1%25eth0]/', 'percent sign'],
  ['https://[2606:4700::1111%1]/', 'percent sign'],
  ['https://[2606:4700::1111/', 'port cannot be read'],
  ['https://2606:4700::1111/', 'port cannot be read'],
  ['https://[]/', 'public address'],
  ['https://[hooks.example.com]/', 'public address'],
  ['https://[127.0.0.1]/', 'public address'],
  ['https://[v1.fe80]/', 'public address'],
  ['https://x[::1]/', 'port cannot be read'],
  // Names that are not public.
  ['https://localhost/', 'under .localhost'],
  ['https://LOCALHOST/', 'under .localhost'],
  ['https://a.localhost/', 'under .localhost'],
  ['https://localhost.localdomain/', 'under .localdomain'],
  ['https://printer.local/', 'under .local '],
  ['https://metadata.google.internal/', 'under .internal'],
  ['https://ip-10-0-0-1.ec2.internal/', 'under .internal'],
  ['https://router.home.arpa/', 'under .arpa'],
  ['https://1.0.0.127.in-addr.arpa/', 'under .arpa'],
  ['https://abcdefghijklmnop.onion/', 'under .onion'],
  ['https://a.test/', 'under .test'],
  ['https://a.example/', 'under .example'],
  ['https://a.invalid/', 'under .invalid'],
  ['https://a.corp/', 'under .corp'],
  ['https://a.lan/', 'under .lan'],
  ['https://a.alt/', 'under .alt'],
  ['https://intranet/', 'under .intranet'],
  ['https://instance-data/', 'single part'],
  ['https://com/', 'single part'],
])('%j is refused: %s', (url, reason) => {
  expect(reasonOf(url)).toMatch(new RegExp(reason));
  // One sentence.
  expect(reasonOf(url)).toMatch(/^[A-Z][^;]*[;,] [^;]+\.$/);
});

const PRIVATE_IPV4 = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const;

function toNumber(address: string): number {
  return address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
}

function toText(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
}

test.each(PRIVATE_IPV4)('%s/%d is refused from its first address to its last', (network, prefix) => {
  const first = toNumber(network);
  const last = first + 2 ** (32 - prefix) - 1;
  expect(() => checkAddress(toText(first), PUBLIC_ADDRESSES)).toThrow(AddressRefused);
  expect(() => checkAddress(toText(last), PUBLIC_ADDRESSES)).toThrow(AddressRefused);
});

test.each([
  '1.0.0.0',
  '8.8.8.8',
  '9.255.255.255',
  '11.0.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '126.255.255.255',
  '128.0.0.0',
  '169.253.255.255',
  '172.15.255.255',
  '172.32.0.0',
  '192.167.255.255',
  '198.20.0.0',
  '223.255.255.255',
  '2000::',
  '2001:200::1',
  '2001:4860:4860::8888',
  '2606:4700:4700::1111',
  '2a00:1450:4001:82f::200e',
  '3ffd::1',
])('%s is public', (address) => {
  expect(() => checkAddress(address, PUBLIC_ADDRESSES)).not.toThrow();
});

test.each([
  ['unspecified', '::'],
  ['loopback', '::1'],
  ['IPv4-compatible', '::8.8.8.8'],
  ['IPv4-mapped', '::ffff:8.8.8.8'],
  ['IPv4-mapped', '::ffff:0:0'],
  ['IPv4-translated', '::ffff:0:8.8.8.8'],
  ['NAT64', '64:ff9b::8.8.8.8'],
  ['local NAT64', '64:ff9b:1::1'],
  ['discard', '100::1'],
  ['the rest of 0000::/3', '1fff:ffff::1'],
  ['Teredo', '2001::1'],
  ['protocol assignments', '2001:1ff:ffff::1'],
  ['benchmarking', '2001:2::1'],
  ['ORCHID', '2001:20::1'],
  ['documentation', '2001:db8::1'],
  ['6to4', '2002:808:808::1'],
  ['AS112', '2620:4f:8000::1'],
  ['documentation', '3fff:fff::1'],
  ['ISATAP', '2606:4700::5efe:8.8.8.8'],
  ['ISATAP', '2606:4700::200:5efe:8.8.8.8'],
  ['not given out', '4000::1'],
  ['segment routing', '5f00::1'],
  ['unique local', 'fc00::1'],
  ["a cloud's metadata", 'fd00:ec2::254'],
  ['link-local', 'fe80::1'],
  ['link-local with its zone', 'fe80::1%eth0'],
  ['public with a zone', '2606:4700::1111%eth0'],
  ['site-local', 'fec0::1'],
  ['multicast', 'ff02::1'],
  ['no address', ''],
  ['no address', 'hooks.example.com'],
  ['no plain address', '127.1'],
  ['no plain address', '134744072'],
  ['no plain address', '0x8.8.8.8'],
  ['no plain address', '[2606:4700::1111]'],
])('%s (%s) is refused', (_, address) => {
  expect(() => checkAddress(address, PUBLIC_ADDRESSES)).toThrow(AddressRefused);
});

test.each([
  'http://localhost/',
  'http://LOCALHOST:3000/hook',
  'https://localhost:8080/',
  'http://127.0.0.1:3000/',
  'https://127.0.0.1:3000/',
  'http://127.1.2.3/',
  'http://[::1]:3000/',
])('where loopback is allowed, %s is accepted', (url) => {
  expect(reasonOf(url, LOCAL)).toBeUndefined();
});

test.each([
  'http://hooks.example.com/',
  'https://hooks.example.com:3000/',
  'http://10.0.0.1/',
  'https://10.0.0.1/',
  'http://0.0.0.0:3000/',
  'http://169.254.169.254/',
  'http://[::ffff:127.0.0.1]:3000/',
  'http://127.1/',
  'http://2130706433/',
  'http://a.localhost/',
  'http://localhost./',
  'http://me@localhost/',
  'http://[fe80::1]/',
  'ftp://localhost/',
])('where loopback is allowed, %s is refused all the same', (url) => {
  expect(reasonOf(url, LOCAL)).toBeDefined();
});

const privateIpv4 = fc
  .constantFrom(...PRIVATE_IPV4)
  .chain(([network, prefix]) => fc.nat(2 ** (32 - prefix) - 1).map((offset) => toNumber(network) + offset));
const spelling = fc.constantFrom<(part: number) => string>(
  String,
  (part) => `0x${part.toString(16)}`,
  (part) => `0X${part.toString(16).toUpperCase()}`,
  (part) => `0${part.toString(8)}`,
  (part) => `000${part.toString(8)}`,
  (part) => String(part).replace(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))),
  (part) => String(part).replace(/\d/g, (digit) => `%3${digit}`),
);

test('refuses a private IPv4 address in any spelling', () => {
  const host = fc
    .tuple(privateIpv4, fc.constantFrom(1, 2, 3, 4), fc.array(spelling, { minLength: 4, maxLength: 4 }))
    .map(([address, count, spell]) => {
      const octets = Array.from({ length: count - 1 }, (_, index) => (address >>> (24 - 8 * index)) & 255);
      // The last part has all bytes that are left.
      const rest = address % 2 ** (32 - 8 * (count - 1));
      return [...octets, rest].map((part, index) => spell[index]?.(part)).join('.');
    });
  fc.assert(
    fc.property(host, fc.constantFrom('', '.'), (text, dot) => {
      expect(reasonOf(`https://${text}${dot}/`)).toBeDefined();
    }),
    { numRuns: 2_000 },
  );
});

test('refuses a private IPv4 address inside IPv6', () => {
  const prefix = fc.constantFrom('::', '::ffff:', '::ffff:0:', '64:ff9b::', '2606:4700::5efe:');
  fc.assert(
    fc.property(privateIpv4, prefix, (address, before) => {
      const hex = `${(address >>> 16).toString(16)}:${(address & 0xffff).toString(16)}`;
      for (const text of [toText(address), hex])
        expect(reasonOf(`https://[${before}${text}]/`)).toBeDefined();
      expect(reasonOf(`https://[2002:${hex}::]/`)).toBeDefined();
    }),
  );
});

test('no text makes it throw another error, and an accepted URL is accepted again unchanged', () => {
  const piece = fc.constantFrom(
    ...[
      'https',
      'http',
      ':',
      '//',
      '/',
      '@',
      '[',
      ']',
      '::',
      '.',
      '%',
      '0x',
      '127',
      '1',
      'a',
      'com',
      '?',
      '#',
    ],
    ...['localhost', 'xn--', '-', '\\', '\0', '\u3002', "'", '443'],
  );
  const text = fc.oneof(
    fc.string({ unit: anyCharacter }),
    fc.webUrl({ withQueryParameters: true }),
    fc.array(piece).map((pieces) => pieces.join('')),
    fc.array(piece).map((pieces) => `https://${pieces.join('')}`),
  );
  fc.assert(
    fc.property(text, fc.constantFrom(PUBLIC_ADDRESSES, LOCAL), (url, policy) => {
      if (reasonOf(url, policy) !== undefined) return;
      const { href, hostname } = checkUrl(url, policy);
      expect(checkUrl(href, policy).href).toBe(href);
      expect(hostname.startsWith('[') || url.toLowerCase().includes(`//${hostname}`)).toBe(true);
    }),
    { numRuns: 5_000 },
  );
});

const PUBLIC: LookupAddress = { address: '93.184.215.14', family: 4 };
const PUBLIC_6: LookupAddress = { address: '2606:4700::1111', family: 6 };
const PRIVATE: LookupAddress = { address: '10.0.0.7', family: 4 };
const answers =
  (...addresses: LookupAddress[]): Resolve =>
  async () =>
    addresses;
const fails: Resolve = async () => {
  throw Object.assign(new Error('getaddrinfo ENOTFOUND hooks.example.com'), { code: 'ENOTFOUND' });
};

/** The result that `net.connect` would get: the error, or the callback's other arguments. */
function lookUp(resolve: Resolve, all: boolean, policy = PUBLIC_ADDRESSES): Promise<readonly unknown[]> {
  return new Promise((done, reject) => {
    guardedLookup(policy, resolve)('hooks.example.com', { all }, (error, ...found) => {
      if (error) reject(error);
      else done(found);
    });
  });
}

test('a lookup returns the checked addresses: all, or the first', async () => {
  expect(await lookUp(answers(PUBLIC, PUBLIC_6), true)).toEqual([[PUBLIC, PUBLIC_6]]);
  expect(await lookUp(answers(PUBLIC_6, PUBLIC), false)).toEqual([PUBLIC_6.address, 6]);
});

test.each([
  ['alone', [PRIVATE]],
  ['first', [PRIVATE, PUBLIC]],
  ['last', [PUBLIC, PUBLIC_6, PRIVATE]],
])('one private address refuses the host: %s', async (_, addresses) => {
  await expect(lookUp(answers(...addresses), true)).rejects.toThrow(AddressRefused);
  await expect(lookUp(answers(...addresses), false)).rejects.toThrow(AddressRefused);
  await expect(
    checkHost(new URL('https://hooks.example.com'), PUBLIC_ADDRESSES, answers(...addresses)),
  ).rejects.toThrow(AddressRefused);
});

test('the reason does not reveal the resolved address', async () => {
  await expect(lookUp(answers(PRIVATE), true)).rejects.toMatchObject({
    reason: expect.not.stringContaining('10.0.0.7'),
  });
});

test('a name that does not resolve is refused at registration, not at an attempt', async () => {
  for (const resolve of [fails, answers()]) {
    await expect(lookUp(resolve, true)).rejects.toThrow(NameUnresolved);
    await expect(
      checkHost(new URL('https://hooks.example.com'), PUBLIC_ADDRESSES, resolve),
    ).rejects.toMatchObject({ name: 'AddressRefused', reason: expect.stringContaining('does not resolve') });
  }
});

test('accepts a public host, and checks an address without a name server', async () => {
  await checkHost(new URL('https://hooks.example.com'), PUBLIC_ADDRESSES, answers(PUBLIC, PUBLIC_6));
  await checkHost(new URL('https://[2606:4700::1111]'), PUBLIC_ADDRESSES, fails);
  for (const url of ['https://127.0.0.1', 'https://[::1]', 'https://[::ffff:1.1.1.1]']) {
    await expect(checkHost(new URL(url), PUBLIC_ADDRESSES, fails)).rejects.toThrow('public address');
  }
});

test("localhost is resolved by the system's own resolver, where it is allowed", async () => {
  await checkHost(new URL('http://localhost:3000'), LOCAL);
  await expect(checkHost(new URL('http://localhost:3000'), PUBLIC_ADDRESSES)).rejects.toThrow(AddressRefused);
});
