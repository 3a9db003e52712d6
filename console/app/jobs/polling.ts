/** Decides when the pages of a job ask again. */

import type { JobDetails } from '../../shared/job.ts';
import { hasEnded } from '../../shared/job-status.ts';

/** A person watches: a step that begins is seen within two seconds. */
const WATCHED_MS = 1_500;
const DEFAULT_MS = 2_000;
const MAX_BACKOFF_MS = 30_000;

/** @returns milliseconds until the next poll; undefined after the job has ended */
export function nextPollMs({
  status,
  poll_after_ms = DEFAULT_MS,
}: {
  readonly status: string;
  readonly poll_after_ms?: number | undefined;
}): number | undefined {
  if (hasEnded(status)) return undefined;
  // A job that waits for a person changes when somebody answers.
  return status === 'input_required' ? poll_after_ms : Math.min(poll_after_ms, WATCHED_MS);
}

/**
 * @param failures in a row, at least one
 * @param retryAfterMs what the API asks for
 */
export function backoffMs(failures: number, retryAfterMs: number | undefined): number {
  return Math.max(retryAfterMs ?? 0, Math.min(DEFAULT_MS * 2 ** (failures - 1), MAX_BACKOFF_MS));
}

/** Download links are renewed a minute before they expire. */
const LINK_MARGIN_MS = 60_000;

/** Whether a link of a job is about to expire: its files, or the place for an upload. */
export function hasStaleLinks(
  { files = [], input_requests = {} }: Pick<JobDetails, 'files' | 'input_requests'>,
  nowMs: number,
): boolean {
  const uploads = Object.values(input_requests).flatMap((request) =>
    'upload' in request ? [request.upload] : [],
  );
  return [...files, ...uploads].some(
    ({ url_expires_at }) => Date.parse(url_expires_at ?? '') - nowMs <= LINK_MARGIN_MS,
  );
}

/** @returns milliseconds until the links of the files must be read again; undefined without files */
export function linkRefreshMs(
  files: readonly { readonly url_expires_at: string }[] | undefined,
  nowMs: number,
): number | undefined {
  const times = (files ?? []).map((file) => Date.parse(file.url_expires_at)).filter(Number.isFinite);
  if (times.length === 0) return undefined;
  return Math.max(DEFAULT_MS, Math.min(...times) - LINK_MARGIN_MS - nowMs);
}
