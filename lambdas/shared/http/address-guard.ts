/** Restricts outgoing requests to public addresses, against server-side request forgery (SSRF). */
import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

/** The addresses that requests may reach. */
export interface AddressPolicy {
  /** Allowed ports. */
  readonly ports: readonly number[];
  /** Also allows loopback addresses, with http and any port. Use it only in the local cloud. */
  readonly allowLoopback: boolean;
}

/** The policy of deployments: public addresses with https on ports 443 and 8443. */
export const PUBLIC_ADDRESSES: AddressPolicy = { ports: [443, 8443], allowLoopback: false };

/** Resolves a host name to all its addresses. */
export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>;

/** The policy does not allow a URL, its host or one of the host's addresses. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';
  /** One sentence for the caller: the problem and the remedy. It reveals no resolved address. */
  readonly reason: string;

  constructor(reason: string) {
    super(reason);
    this.reason = reason;
  }
}

/** The host has no address, or name resolution failed. A later attempt can succeed. */
export class NameUnresolved extends Error {
  override readonly name = 'NameUnresolved';
}

/** In characters, which equal bytes: the text is ASCII. */
const MAX_URL_LENGTH = 2_048;
const TOO_LONG = `The URL is longer than ${MAX_URL_LENGTH} characters; shorten it.`;
/** RFC 1035, 2.3.4. */
const MAX_HOST_LENGTH = 253;
/** RFC 1123, 2.1. DNS allows underscores, but host names and certificates do not. */
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
/** A number as the last label, in any notation, makes the WHATWG parser read a host as an IPv4 address. */
const NUMBER = /^(?:\d+|0x[0-9a-f]*)$/;

/**
 * Top-level names that public DNS does not resolve. RFC 6761: example, invalid, localhost, test. RFC 6762 with appendix G: local,
 * corp, home, internal, intranet, lan, private. RFC 7686: onion. RFC 9476: alt. Routers use localdomain. `arpa` contains DNS infrastructure and `home.arpa` (RFC 8375).
 */
const SPECIAL_NAMES: readonly string[] = [
  'alt',
  'arpa',
  'corp',
  'example',
  'home',
  'internal',
  'intranet',
  'invalid',
  'lan',
  'local',
  'localdomain',
  'localhost',
  'onion',
  'private',
  'test',
];

const systemResolve: Resolve = (hostname) => lookup(hostname, { all: true });

/**
 * Checks the text of a URL, before and after parsing, without name resolution.
 *
 * It rejects unusual spellings first. The parser reads `http://2130706433`, `http://127.1` and `http://１２７.0.0.1` as the same
 * address, but not every log, firewall and library does. Callers can write addresses and names plainly.
 * @param text the URL; at most 2,048 ASCII characters
 * @returns the URL, normalized (WHATWG) without a change of its host
 * @throws AddressRefused with the remedy in `reason`
 * @example
 * ```ts
 * const url = checkUrl('https://example.org/hook', PUBLIC_ADDRESSES);
 * ```
 */
export function checkUrl(text: string, policy: AddressPolicy): URL {
  if (text.length > MAX_URL_LENGTH) refuse(TOO_LONG);
  if (/\P{ASCII}/u.test(text)) {
    refuse('The URL has a character outside ASCII; write the host in ASCII, percent-encode the rest.');
  }
  if (/[^\x21-\x7e]/.test(text)) refuse('The URL has a space or a control character; percent-encode it.');
  // RFC 3986, 2: URLs contain none of these. Some parsers read `\` as `/`, others as a letter.
  if (/["<>\\^`{|}]/.test(text)) refuse('The URL has one of " < > \\ ^ ` { | }; percent-encode it.');
  if (text.includes('#'))
    refuse('The URL has a fragment, which is never sent; leave out the # and the rest.');
  const [, scheme, authority] =
    /^([a-z]+):\/\/([^/?]*)/i.exec(text) ?? refuse('The URL is not absolute; write https://host/path.');
  if (authority?.includes('@')) {
    refuse('The URL has a user name or password; leave them out and check the signature instead.');
  }
  const [, written = '', port] =
    /^(\[[^\]]*\]|[^:[\]]*)(?::([1-9]\d*))?$/.exec(authority ?? '') ??
    refuse('The host or port cannot be read; write https://host or https://host:8443.');
  const host = written.toLowerCase();
  checkHostAsWritten(host, policy);

  const url = URL.parse(text);
  // Rejects every other change of the host by the parser, such as an invalid xn-- name or an unknown mapping.
  if (!url || (url.hostname !== host && !host.startsWith('['))) {
    refuse('The host or port is not valid; check them.');
  }
  const loopback = policy.allowLoopback && isLoopback(url.hostname);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && loopback)) {
    refuse(`The scheme ${scheme?.slice(0, 10).toLowerCase()} is not allowed; use https.`);
  }
  if (!loopback && !policy.ports.includes(Number(port ?? 443))) {
    refuse(`Port ${port ?? 443} is not allowed; use ${policy.ports.join(' or ')}.`);
  }
  // Normalizing percent-encodes an apostrophe.
  if (url.href.length > MAX_URL_LENGTH) refuse(TOO_LONG);
  return url;
}

/**
 * Allows global unicast addresses only. It rejects every IPv6 address that embeds an IPv4 address (mapped, compatible, 6to4,
 * Teredo, NAT64, ISATAP): a public receiver also has the plain address.
 * @param address as DNS returns it: IPv6 without brackets.
 * @throws AddressRefused unless the address is global unicast, or loopback where the policy allows it.
 */
export function checkAddress(address: string, policy: AddressPolicy): void {
  // `isIP` first: ipaddr.js also reads `127.1` and `0x7f.1`. A zone id names an interface of this machine.
  if (isIP(address) !== 0 && !address.includes('%')) {
    const ip = ipaddr.parse(address);
    const range = ip.range();
    if (range === 'loopback' && policy.allowLoopback) return;
    if (range === 'unicast' && (ip instanceof ipaddr.IPv4 || isGlobal(ip))) return;
  }
  refuse(
    'The host is not at a public address, or one of its addresses is not; use a host that is reachable from the internet.',
  );
}

/**
 * ipaddr.js calls every unknown range unicast. IANA has allocated only 2000::/3, which excludes the IPv4-compatible ::/96
 * (RFC 4291, 2.5.5.1). An ISATAP address (RFC 5214, 6.1) has the interface identifier 0000:5efe or 0200:5efe before the
 * IPv4 address.
 */
function isGlobal({ parts }: { readonly parts: readonly number[] }): boolean {
  const [first = 0, , , , fifth = 0, sixth] = parts;
  return first >> 13 === 1 && !(sixth === 0x5efe && (fifth & ~0x0200) === 0);
}

/**
 * Creates a `lookup` function for `net.connect`. It returns exactly the addresses that it checked, so that a later DNS change
 * has no effect (DNS rebinding). One rejected address rejects the host, because the network chooses the address. Node does
 * not call it for a host that is an address; `checkUrl` checks those.
 * @param policy the allowed addresses
 * @param resolve resolves a host name. @default the system's resolver
 * @returns a function that fails with AddressRefused or NameUnresolved
 * @example
 * ```ts
 * const client = new Client(origin, { connect: { lookup: guardedLookup(PUBLIC_ADDRESSES) } });
 * ```
 */
export function guardedLookup(policy: AddressPolicy, resolve: Resolve = systemResolve): LookupFunction {
  return (hostname, { all }, callback) => {
    resolveChecked(hostname, policy, resolve).then(
      ([first, ...others]) =>
        all ? callback(null, [first, ...others]) : callback(null, first.address, first.family),
      (error: Error) => callback(error, ''),
    );
  };
}

/**
 * Resolves the host once, so that a registration fails early instead of each delivery.
 * @param url the return value of `checkUrl`.
 * @throws AddressRefused, also when the host does not resolve.
 */
export async function checkHost(
  url: URL,
  policy: AddressPolicy,
  resolve: Resolve = systemResolve,
): Promise<void> {
  const address = addressOf(url.hostname);
  try {
    if (isIP(address)) checkAddress(address, policy);
    else await resolveChecked(address, policy, resolve);
  } catch (error) {
    if (!(error instanceof NameUnresolved)) throw error;
    refuse('The host does not resolve; check its spelling, and that its DNS record is published.');
  }
}

async function resolveChecked(
  hostname: string,
  policy: AddressPolicy,
  resolve: Resolve,
): Promise<[LookupAddress, ...LookupAddress[]]> {
  const [first, ...others] = await resolve(hostname).catch((cause: unknown) => {
    throw new NameUnresolved('The host does not resolve.', { cause });
  });
  if (!first) throw new NameUnresolved('The host has no address.');
  for (const { address } of [first, ...others]) checkAddress(address, policy);
  return [first, ...others];
}

/** @param host in lower case, otherwise unparsed. */
function checkHostAsWritten(host: string, policy: AddressPolicy): void {
  if (host === '') refuse('The URL has no host; write https://host/path.');
  if (host.includes('%'))
    refuse('The host has a percent sign; write its characters plainly, without a zone.');
  if (host.endsWith('.')) refuse('The host ends in a dot; leave it out.');
  if (host.startsWith('[') || isIP(host)) checkAddress(addressOf(host), policy);
  else if (NUMBER.test(host.slice(host.lastIndexOf('.') + 1))) {
    refuse('The host is an unusual way to write an IPv4 address; write its four decimal numbers, or a name.');
  } else if (host !== 'localhost' || !policy.allowLoopback) checkName(host.split('.'));
}

function checkName(labels: readonly string[]): void {
  if (labels.join('.').length > MAX_HOST_LENGTH || !labels.every((label) => LABEL.test(label))) {
    refuse(
      'The host is not a valid host name; use letters, digits and hyphens, with single dots between them.',
    );
  }
  const last = labels.at(-1) ?? '';
  if (SPECIAL_NAMES.includes(last)) refuse(`Names under .${last} are not public; use a public name.`);
  if (labels.length === 1) refuse('The host has a single part; write the full name, with its domain.');
}

function isLoopback(host: string): boolean {
  const address = addressOf(host);
  return host === 'localhost' || (isIP(address) !== 0 && ipaddr.parse(address).range() === 'loopback');
}

/** Removes the brackets around IPv6. */
function addressOf(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}

function refuse(reason: string): never {
  throw new AddressRefused(reason);
}
