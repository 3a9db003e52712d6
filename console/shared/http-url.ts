/** Accepts addresses to open: only web pages. Everything else that the service sends, such as `javascript:`, stays text. */

/** @returns undefined for an address that is not of HTTP or HTTPS */
export function httpUrl(text: unknown): string | undefined {
  if (typeof text !== 'string' || !URL.canParse(text)) return undefined;
  const { protocol, href } = new URL(text);
  return protocol === 'https:' || protocol === 'http:' ? href : undefined;
}

/** @returns a command of a shell that uploads a file; undefined for an address that is not of HTTP or HTTPS */
export function uploadCommand(url: unknown): string | undefined {
  // A quote would end the argument.
  const address = httpUrl(url)?.replaceAll("'", '%27');
  return address && `curl --fail-with-body -T FILE '${address}'`;
}
