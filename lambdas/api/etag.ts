/** Compares entity tags, for responses that a client has already. */

/** Whether the header has the tag. RFC 9110, 13.1.2: `*`, or a list of tags, compared weakly. */
export function matches(ifNoneMatch: string | undefined, etag: string): boolean {
  const tags = (ifNoneMatch ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes('*') || tags.includes(etag);
}
