/** Reads the header `Retry-After` (RFC 9110, 10.2.3): seconds to wait, or a date to wait for. */

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const TIME = String.raw`(?<hour>[01]\d|2[0-3]):(?<minute>[0-5]\d):(?<second>[0-5]\d|60)`;
const MONTH = `(?<month>${MONTHS.join('|')})`;

/**
 * The three date formats that RFC 9110, 5.6.7 requires: `Sun, 06 Nov 1994 08:49:37 GMT`, and the obsolete
 * `Sunday, 06-Nov-94 08:49:37 GMT` and `Sun Nov  6 08:49:37 1994`. `Date.parse` accepts other texts as well, such as `1`.
 */
const DATES = [
  RegExp(`^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (?<day>\\d\\d) ${MONTH} (?<year>\\d{4}) ${TIME} GMT$`),
  RegExp(`^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (?<day>\\d\\d)-${MONTH}-(?<year>\\d\\d) ${TIME} GMT$`),
  RegExp(`^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ${MONTH} (?<day>[ \\d]\\d) ${TIME} (?<year>\\d{4})$`),
];

/**
 * Reads a `Retry-After` header. Cap the result: the sender chooses the time.
 * @param value the header; undefined when there is none.
 * @param nowMs current time, epoch milliseconds.
 * @returns milliseconds to wait; 0 for a time in the past. Undefined without a header or with an invalid one.
 * @example
 * ```ts
 * retryAfterMs('120', Date.now()); // 120_000
 * ```
 */
export function retryAfterMs(value: string | undefined, nowMs: number): number | undefined {
  const text = value?.trim() ?? '';
  const waitMs = /^-?\d+$/.test(text) ? Number(text) * 1000 : dateMs(text, nowMs) - nowMs;
  return Number.isNaN(waitMs) ? undefined : Math.max(0, waitMs);
}

/** @returns epoch milliseconds; NaN for an invalid date. */
function dateMs(text: string, nowMs: number): number {
  const parts = DATES.map((form) => form.exec(text)?.groups).find((groups) => groups);
  if (!parts) return Number.NaN;
  const { year = '', month = '' } = parts;
  const day = Number(parts.day);
  const fullYear =
    year.length === 4 ? Number(year) : nearYear(Number(year), new Date(nowMs).getUTCFullYear());
  const minuteMs = Date.UTC(fullYear, MONTHS.indexOf(month), day, Number(parts.hour), Number(parts.minute));
  // `Date.UTC` reads 31 February as 3 March.
  return new Date(minuteMs).getUTCDate() === day ? minuteMs + Number(parts.second) * 1000 : Number.NaN;
}

/** The latest year with these two digits that is at most 50 years ahead (RFC 9110, 5.6.7): in 1999, 01 is 2001. */
function nearYear(twoDigits: number, thisYear: number): number {
  const latest = thisYear + 50;
  return latest - ((latest - twoDigits) % 100);
}
