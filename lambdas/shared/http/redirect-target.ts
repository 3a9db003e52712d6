/** Resolves the header `Location` of a redirect as browsers and curl do. */

/**
 * Percent-encodes what servers leave plain: bytes of UTF-8, spaces, and characters such as `|`. Removes the fragment (RFC 9110,
 * 10.2.2), which only browsers use. Check the address with `checkUrl` before you follow it.
 * @param location the header as Node.js returns it: one character a byte
 * @param base the URL of the request
 * @returns undefined for a header that is not a URL reference
 * @example
 * ```ts
 * redirectTarget('/file?a=1|2#x', 'https://example.org/'); // 'https://example.org/file?a=1%7C2'
 * ```
 */
export function redirectTarget(location: string, base: string): string | undefined {
  const encoded = location.trim().replace(/[^\x21-\x7e]|["<>^`{|}]/g, percentEncoded);
  const url = URL.parse(encoded, base);
  if (!url) return undefined;
  url.hash = '';
  return url.href.replaceAll('\\', '%5C');
}

function percentEncoded(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}
