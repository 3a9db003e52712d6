/** Maps the filter form of deliveries to requests of the management API. */
import type { DeliveryStatus } from './views.ts';

/** Values of the form's fields; an empty text filters nothing. */
export interface DeliveryFilters {
  readonly status: DeliveryStatus | '';
  readonly event: string;
  readonly jobId: string;
  readonly operation: string;
  /** Local time, as a date field has it: `2026-01-01T12:00`. */
  readonly since: string;
  readonly until: string;
}

export const NO_FILTERS: DeliveryFilters = {
  status: '',
  event: '',
  jobId: '',
  operation: '',
  since: '',
  until: '',
};

/** Returns the parameters that are set, under the names of the API. */
function parametersOf({ status, event, jobId, operation, since, until }: DeliveryFilters) {
  const all = {
    status,
    event,
    job_id: jobId.trim().toLowerCase(),
    operation: operation.trim(),
    since: toIso(since),
    until: toIso(until),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''));
}

/** Returns the query of the page's address with these filters. */
export function filterQuery(filters: DeliveryFilters): string {
  return new URLSearchParams(parametersOf(filters)).toString();
}

/** Reads the filters of an address. The API validates them. */
export function readFilters(query: string): DeliveryFilters {
  const parameters = new URLSearchParams(query);
  const text = (name: string) => parameters.get(name) ?? '';
  return {
    status: text('status') as DeliveryFilters['status'],
    event: text('event'),
    jobId: text('job_id'),
    operation: text('operation'),
    since: toLocal(text('since')),
    until: toLocal(text('until')),
  };
}

export function hasFilters(filters: DeliveryFilters): boolean {
  return Object.keys(parametersOf(filters)).length > 0;
}

/** Returns the path of a page of deliveries. */
export function listPath(endpointId: string, filters: DeliveryFilters, cursor?: string): string {
  const query = new URLSearchParams({ ...parametersOf(filters), ...(cursor && { cursor }) }).toString();
  return `/endpoints/${encodeURIComponent(endpointId)}/deliveries${query && `?${query}`}`;
}

/** Returns the body of a replay's first call: everything that the filters select, from the beginning of time without `since`. */
export function replayBody(
  filters: DeliveryFilters,
): Readonly<Record<string, string>> & { readonly since: string } {
  return { since: BEGINNING, ...parametersOf(filters) };
}

const BEGINNING = '2000-01-01T00:00:00.000Z';

/** @param iso a time @returns the value of a date field: local time in whole minutes; '' for any other text */
function toLocal(iso: string): string {
  const ms = Date.parse(iso);
  if (Number.isNaN(ms)) return '';
  return new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** @param local value of a date field, in local time @returns UTC; '' for any other text */
export function toIso(local: string): string {
  const ms = Date.parse(local);
  return local === '' || Number.isNaN(ms) ? '' : new Date(ms).toISOString();
}
