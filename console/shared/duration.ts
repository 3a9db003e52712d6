/** Formats times and durations for people. */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** @returns such as `850 ms`, `12.3 s`, `1 min 5 s` or `2 h 3 min` */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) return '';
  const given = Math.max(0, ms);
  if (given < SECOND) return `${Math.round(given)} ms`;
  if (given < MINUTE) {
    // Rounds down: 59.99 s are not 60 s.
    const tenths = Math.floor(given / 100) / 10;
    return `${tenths < 10 ? tenths.toFixed(1) : Math.floor(tenths)} s`;
  }
  if (given < HOUR) return two(given, MINUTE, 'min', SECOND, 's');
  if (given < DAY) return two(given, HOUR, 'h', MINUTE, 'min');
  return two(given, DAY, 'd', HOUR, 'h');
}

function two(ms: number, large: number, largeName: string, small: number, smallName: string): string {
  const rest = Math.floor((ms % large) / small);
  return `${Math.floor(ms / large)} ${largeName}${rest > 0 ? ` ${rest} ${smallName}` : ''}`;
}

/** @returns milliseconds between two times (ISO 8601); undefined when one is absent or malformed */
export function msBetween(start: string | undefined, end: string | undefined): number | undefined {
  const ms = Date.parse(end ?? '') - Date.parse(start ?? '');
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

/** Creating a format takes longer than using it. */
const TIME = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const DATE = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });

/** @returns the time as the person's language writes it; '' when it is malformed */
export function formatTime(time: string): string {
  const ms = Date.parse(time);
  return Number.isNaN(ms) ? '' : TIME.format(ms);
}

/** @returns such as `5 s ago`, `3 h ago`; the date after a week */
export function formatAgo(time: string, nowMs: number): string {
  const ms = nowMs - Date.parse(time);
  if (Number.isNaN(ms)) return '';
  if (ms < 5 * SECOND) return 'now';
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s ago`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min ago`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h ago`;
  if (ms < 7 * DAY) return `${Math.floor(ms / DAY)} d ago`;
  return DATE.format(Date.parse(time));
}

/** @returns such as `1.5 MB` */
export function formatSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const index = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(bytes, 1)) / 3)));
  const value = bytes / 1000 ** index;
  return `${index === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[index]}`;
}
