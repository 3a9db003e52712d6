/** Names the headers that responses share. */
import * as headers from '../../../lambdas/api/reference/headers.ts';
import type { Header } from '../../../lambdas/api/reference/route-description.ts';

export const SHARED_HEADERS: ReadonlyMap<Header, string> = new Map([
  [headers.cacheControl, 'CacheControl'],
  [headers.etag, 'ETag'],
  [headers.fileTag, 'FileTag'],
  [headers.referrerPolicy, 'ReferrerPolicy'],
  [headers.retryAfter, 'RetryAfter'],
  [headers.wwwAuthenticate, 'WwwAuthenticate'],
]);

/** Returns references to the headers that responses share. */
export function referTo(given: Readonly<Record<string, Header>>) {
  return Object.fromEntries(
    Object.entries(given).map(([name, header]) => {
      const shared = SHARED_HEADERS.get(header);
      return [name, shared ? { $ref: `#/components/headers/${shared}` } : header];
    }),
  );
}
