/** Tests how the page of a delivery shows bodies and targets, and when it reads again. */
import { pollDelayMs } from '../../../console/app/webhooks/delivery-polling.ts';
import { forEachLimited } from '../../../console/app/webhooks/for-each-limited.ts';
import { indentJson } from '../../../console/app/webhooks/indent-json.ts';
import { endpointPageOf, outcomeOf, targetOf } from '../../../console/app/webhooks/views.ts';

describe('an indented body', () => {
  test('looks like indented JSON, and strings with brackets stay as they are', () => {
    const value = { a: [1, { b: '{"[,:]}\\"' }], c: {}, d: [], e: null, '<script>': ' x: y, ' };
    expect(indentJson(JSON.stringify(value))).toBe(JSON.stringify(value, null, 2));
  });

  test('keeps every digit of a number', () => {
    expect(indentJson('{"a":12345678901234567890.10}')).toBe('{\n  "a": 12345678901234567890.10\n}');
  });

  test('of a hundred thousand brackets stays small', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    expect(indentJson(deep).length).toBeLessThan(201_000);
  });

  test('of any text has all of its characters', () => {
    const text = ']]}"\\ü"{"';
    expect(indentJson(text).replaceAll(/\s/g, '')).toBe(text.replaceAll(/\s/g, ''));
  });

  test('of a long string is quick', () => {
    const long = JSON.stringify({ log: 'x"\\'.repeat(100_000) });
    expect(indentJson(long)).toContain(long.slice(8, -1));
  });
});

test.each([
  ['delivered', undefined, undefined],
  ['pending', 5_000, 6_000],
  ['pending', 0, 1_000],
  ['pending', -30_000, 1_000],
  ['pending', -60_000, 60_000],
  ['pending', 86_400_000, 60_000],
  ['pending', undefined, 60_000],
] as const)('a delivery that is %s, due in %p ms, is read again in %p ms', (status, dueMs, delayMs) => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  const next = dueMs === undefined ? {} : { next_attempt_at: new Date(now + dueMs).toISOString() };
  expect(pollDelayMs({ status, ...next }, now)).toBe(delayMs);
});

test('an attempt has the status of its response, or its error', () => {
  expect([outcomeOf({ http_status: 503 }), outcomeOf({ error: 'TIMED_OUT' }), outcomeOf({})]).toEqual([
    'HTTP 503',
    'TIMED_OUT',
    'No response',
  ]);
});

test('only a registered endpoint has a page', () => {
  const id = `ep_${'0'.repeat(32)}`;
  expect(endpointPageOf({ endpoint_id: id })).toBe(id);
  expect(targetOf({ endpoint_id: id })).toBe(`endpoint ${id}`);
  expect(endpointPageOf({ endpoint_id: 'ep_"><script>' })).toBeUndefined();
  expect(targetOf({ endpoint_id: 'callbacks', url: 'https://example.com/' })).toBe(
    'callback_url https://example.com/',
  );
  expect(targetOf({ endpoint_id: 'sub_1' })).toBe('MCP subscription sub_1');
});

describe('actions for many items', () => {
  test('run a few at a time, for each once', async () => {
    let [running, most] = [0, 0];
    const seen: number[] = [];
    await forEachLimited([1, 2, 3, 4, 5, 6, 7], 3, new AbortController().signal, async (item) => {
      running += 1;
      most = Math.max(most, running);
      seen.push(item);
      await Promise.resolve();
      running -= 1;
    });
    expect([seen, most]).toEqual([[1, 2, 3, 4, 5, 6, 7], 3]);
  });

  test('end when they are no longer needed', async () => {
    const end = new AbortController();
    const seen: number[] = [];
    await forEachLimited([1, 2, 3], 1, end.signal, async (item) => {
      seen.push(item);
      end.abort();
    });
    expect(seen).toEqual([1]);
  });
});
