import fc from 'fast-check';
import { retryAfterMs } from '../../../lambdas/shared/http/retry-after.ts';
import { anyCharacter } from '../../support/any-character.ts';

const now = Date.parse('1994-11-06T08:49:00Z');

test.each([
  ['0', 0],
  ['120', 120_000],
  [' 120 ', 120_000],
  ['007', 7_000],
  ['31536000', 31_536_000_000],
  ['-5', 0],
  ['9'.repeat(400), Number.POSITIVE_INFINITY],
])('%j is seconds: %d ms', (value, ms) => {
  expect(retryAfterMs(value, now)).toBe(ms);
});

test.each([
  'Sun, 06 Nov 1994 08:49:37 GMT',
  'Sunday, 06-Nov-94 08:49:37 GMT',
  'Sun Nov  6 08:49:37 1994',
  ' Sun, 06 Nov 1994 08:49:37 GMT ',
])('%j is a date, 37 seconds ahead', (value) => {
  expect(retryAfterMs(value, now)).toBe(37_000);
});

test.each([
  'Sun, 06 Nov 1994 08:48:59 GMT',
  'Thu, 01 Jan 1970 00:00:00 GMT',
  'Saturday, 06-Nov-93 08:49:37 GMT',
  'Sat Nov  6 08:49:37 1993',
])('%j is past: no wait', (value) => {
  expect(retryAfterMs(value, now)).toBe(0);
});

test.each([
  ['Friday, 31-Dec-99 23:59:59 GMT', 1999],
  ['Saturday, 01-Jan-00 00:00:00 GMT', 2000],
  ['Sunday, 01-Jan-44 00:00:00 GMT', 2044],
  ['Monday, 01-Jan-45 00:00:00 GMT', 1945],
])('in 1994, %s is in %d: at most 50 years ahead', (value, year) => {
  const date = value.includes('31-Dec') ? `${year}-12-31T23:59:59Z` : `${year}-01-01T00:00:00Z`;
  expect(retryAfterMs(value, now)).toBe(Math.max(0, Date.parse(date) - now));
});

test('a leap second is a second', () => {
  expect(retryAfterMs('Sat, 31 Dec 2016 23:59:60 GMT', Date.parse('2016-12-31T23:59:59Z'))).toBe(1_000);
});

test.each([
  undefined,
  '',
  ' ',
  'soon',
  '1.5',
  '1e3',
  '0x10',
  '+5',
  '--5',
  '5s',
  '5, 6',
  '٣',
  '1994-11-06',
  '1994-11-06T08:49:37Z',
  '06 Nov 1994 08:49:37 GMT',
  'Sun, 06 Nov 1994 08:49:37',
  'Sun, 06 Nov 1994 08:49:37 UTC',
  'Sun, 06 Nov 1994 08:49:37 +0100',
  'Sun, 6 Nov 1994 08:49:37 GMT',
  'Sun, 06 nov 1994 08:49:37 GMT',
  'Sun, 06 Nov 1994 24:00:00 GMT',
  'Sun, 06 Nov 1994 08:60:00 GMT',
  'Mon, 31 Feb 1994 08:49:37 GMT',
  'Sun, 00 Nov 1994 08:49:37 GMT',
  'Xxx, 06 Nov 1994 08:49:37 GMT',
  'Sunday, 06-Nov-1994 08:49:37 GMT',
  'Sun Nov 6 08:49:37 1994',
])('%j says nothing', (value) => {
  expect(retryAfterMs(value, now)).toBeUndefined();
});

test('parses every date in each form that can express it', () => {
  const date = fc.date({
    min: new Date(now),
    max: new Date('2040-01-01T00:00:00Z'),
    noInvalidDate: true,
  });
  fc.assert(
    fc.property(date, (at) => {
      const seconds = Math.floor(at.getTime() / 1000) * 1000;
      const [weekday = '', day = '', month, year = '', time] = at.toUTCString().replace(',', '').split(' ');
      const long = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'].find(
        (name) => name.startsWith(weekday),
      );
      for (const text of [
        at.toUTCString(),
        `${long}, ${day}-${month}-${year.slice(2)} ${time} GMT`,
        `${weekday} ${month} ${day.replace(/^0/, ' ')} ${time} ${year}`,
      ]) {
        // Seen from its own year, as two digits are.
        expect(retryAfterMs(text, seconds - 1_000)).toBe(1_000);
      }
    }),
  );
});

test('no text makes it throw or return a negative delay', () => {
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter }), (text) => {
      expect(retryAfterMs(text, now) ?? 0).toBeGreaterThanOrEqual(0);
    }),
  );
});
