/** `Retry-After` (RFC 9110, 10.2.3): how long a receiver asks us to wait, in seconds or until a date. */

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const TIME = String.raw`(?<hour>[01]\d|2[0-3]):(?<minute>[0-5]\d):(?<second>[0-5]\d|60)`;
const MONTH = `(?<month>${MONTHS.join('|')})`;

/**
 * The three forms of RFC 9110, 5.6.7, which a recipient must read: `Sun, 06 Nov 1994 08:49:37 GMT`, and the obsolete
 * `Sunday, 06-Nov-94 08:49:37 GMT` and `Sun Nov  6 08:49:37 1994`. `Date.parse` would read much else, such as `1`.
 */
const DATES = [
  RegExp(`^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (?<day>\\d\\d) ${MONTH} (?<year>\\d{4}) ${TIME} GMT$`),
  RegExp(`^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (?<day>\\d\\d)-${MONTH}-(?<year>\\d\\d) ${TIME} GMT$`),
  RegExp(`^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ${MONTH} (?<day>[ \\d]\\d) ${TIME} (?<year>\\d{4})$`),
];

/**
 * @param value the header; undefined when there was none.
 * @param nowMs milliseconds since 1970.
 * @returns milliseconds to wait: 0 for what is past, as much as the receiver says otherwise, so cap it. Undefined when
 * the header says nothing that can be read.
 */
export function retryAfterMs(value: string | undefined, nowMs: number): number | undefined {
  const text = value?.trim() ?? '';
  const waitMs = /^-?\d+$/.test(text) ? Number(text) * 1000 : dateMs(text, nowMs) - nowMs;
  return Number.isNaN(waitMs) ? undefined : Math.max(0, waitMs);
}

/** @returns milliseconds since 1970; NaN for what is no date. */
function dateMs(text: string, nowMs: number): number {
  const parts = DATES.map((form) => form.exec(text)?.groups).find((groups) => groups);
  if (!parts) return Number.NaN;
  const { year = '', month = '' } = parts;
  const day = Number(parts.day);
  const fullYear =
    year.length === 4 ? Number(year) : nearYear(Number(year), new Date(nowMs).getUTCFullYear());
  const minuteMs = Date.UTC(fullYear, MONTHS.indexOf(month), day, Number(parts.hour), Number(parts.minute));
  // 31 February would be read as 3 March.
  return new Date(minuteMs).getUTCDate() === day ? minuteMs + Number(parts.second) * 1000 : Number.NaN;
}

/** The latest year with these two digits that is at most 50 years ahead (RFC 9110, 5.6.7): in 1999, 01 is 2001. */
function nearYear(twoDigits: number, thisYear: number): number {
  const latest = thisYear + 50;
  return latest - ((latest - twoDigits) % 100);
}
