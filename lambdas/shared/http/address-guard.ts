/** Where a webhook may go: to a public address, and nowhere that only this machine or its network can reach. */
import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

export interface AddressPolicy {
  /** The ports that may be used. */
  readonly ports: readonly number[];
  /** Also http, any port, and the loopback addresses: for the local cloud alone. All else stays refused. */
  readonly allowLoopback: boolean;
}

/** What is deployed: https on its usual ports, public addresses. */
export const PUBLIC_ADDRESSES: AddressPolicy = { ports: [443, 8443], allowLoopback: false };

/** The answer of a name server: every address of a host. */
export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>;

/** The URL, its host or one of the host's addresses is not one a webhook may go to. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';
  /** One sentence for whoever registered the URL: what is wrong and what to do. It tells no address we found. */
  readonly reason: string;

  constructor(reason: string) {
    super(reason);
    this.reason = reason;
  }
}

/** The host has no address, or no name server told us. It may have one later. */
export class NameUnresolved extends Error {
  override readonly name = 'NameUnresolved';
}

/** Characters, and bytes too: the text is ASCII. */
const MAX_URL_LENGTH = 2_048;
const TOO_LONG = `The URL is longer than ${MAX_URL_LENGTH} characters; shorten it.`;
/** RFC 1035, 2.3.4. */
const MAX_HOST_LENGTH = 253;
/** RFC 1123, 2.1. No underscore: DNS has it, but no host name does, and so no certificate. */
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
/** What makes WHATWG's parser read a host as an IPv4 address: the last part is a number, however it is written. */
const NUMBER = /^(?:\d+|0x[0-9a-f]*)$/;

/**
 * Top-level names that no public name server answers for: RFC 6761 (example, invalid, localhost, test), 6762 with
 * its appendix G (local; corp, home, internal, intranet, lan, private), 7686 (onion), 9476 (alt), and what routers
 * make up (localdomain). `arpa` has the machinery of DNS, and `home.arpa` (RFC 8375).
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
 * Checks the text of a URL, as it is written and as it is read. It asks no name server.
 *
 * The spelling comes first. Parsers read `http://2130706433`, `http://127.1` and `http://１２７.0.0.1` alike, but not
 * every log, firewall and library does; who means an address or a name can write it plainly.
 * @returns the URL, normalized (WHATWG); its host is the one that was written.
 * @throws AddressRefused
 */
export function checkUrl(text: string, policy: AddressPolicy): URL {
  if (text.length > MAX_URL_LENGTH) refuse(TOO_LONG);
  if (/\P{ASCII}/u.test(text)) {
    refuse('The URL has a character outside ASCII; write the host in ASCII, percent-encode the rest.');
  }
  if (/[^\x21-\x7e]/.test(text)) refuse('The URL has a space or a control character; percent-encode it.');
  // RFC 3986, 2: none of these is in a URL. `\` is read as `/` by some parsers and as a letter by others.
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
  // Whatever else a parser would make of the host (an invalid xn-- name; a mapping we do not know) is refused here.
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
 * Only global unicast passes. IPv6 that carries an IPv4 address (mapped, compatible, 6to4, Teredo, NAT64, ISATAP) is
 * refused whatever it carries: a public receiver has the plain one too.
 * @param address as a name server tells it: IPv6 without brackets.
 * @throws AddressRefused unless the address is global unicast, or loopback where that is allowed.
 */
export function checkAddress(address: string, policy: AddressPolicy): void {
  // `isIP` first: ipaddr.js reads `127.1` and `0x7f.1` too. A zone id names an interface of this machine.
  if (isIP(address) !== 0 && !address.includes('%')) {
    const ip = ipaddr.parse(address);
    const range = ip.range();
    if (range === 'loopback' && policy.allowLoopback) return;
    if (range === 'unicast' && (ip instanceof ipaddr.IPv4 || isGlobal(ip))) return;
  }
  refuse(
    'The host is not at a public address, or one of its addresses is not; use one that everyone can reach.',
  );
}

/**
 * What ipaddr.js calls unicast is all it does not know. IANA has given out no more than 2000::/3, which leaves out
 * the IPv4-compatible ::/96 (RFC 4291, 2.5.5.1). ISATAP (RFC 5214, 6.1) is told by its interface identifier:
 * 0000:5efe or 0200:5efe before the IPv4 address.
 */
function isGlobal({ parts }: { readonly parts: readonly number[] }): boolean {
  const [first = 0, , , , fifth = 0, sixth] = parts;
  return first >> 13 === 1 && !(sixth === 0x5efe && (fifth & ~0x0200) === 0);
}

/**
 * A `lookup` for `net.connect`. It hands on the very addresses that it checked, so that a name which changes its
 * address after a check changes nothing. One address that is refused refuses the host: which of them a connection
 * takes is up to the network. It is not called for a host that is an address: `checkUrl` sees those.
 * @returns a function whose errors are AddressRefused and NameUnresolved.
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
 * Resolves the host once, so that a registration tells early what each delivery would find.
 * @param url what `checkUrl` returned.
 * @throws AddressRefused; also when the host does not resolve.
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

/** @param host in lower case, otherwise as it was written. */
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
    refuse('The host is no host name; use letters, digits and hyphens, with single dots between them.');
  }
  const last = labels.at(-1) ?? '';
  if (SPECIAL_NAMES.includes(last)) refuse(`Names under .${last} are not public; use a public name.`);
  if (labels.length === 1) refuse('The host has a single part; write the full name, with its domain.');
}

function isLoopback(host: string): boolean {
  const address = addressOf(host);
  return host === 'localhost' || (isIP(address) !== 0 && ipaddr.parse(address).range() === 'loopback');
}

/** Without the brackets that a URL has around IPv6. */
function addressOf(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}

function refuse(reason: string): never {
  throw new AddressRefused(reason);
}
