/** Tests the arithmetic of what the console draws: rows in view, plots, timelines and durations. */
import { backoffMs, hasStaleLinks, linkRefreshMs, nextPollMs } from '../../console/app/jobs/polling.ts';
import { retrySteps } from '../../console/app/jobs/retry-steps.ts';
import { shortJson } from '../../console/app/jobs/short-json.ts';
import { formatAgo, formatDuration, formatSize, msBetween } from '../../console/shared/duration.ts';
import { executionUrl } from '../../console/shared/execution-url.ts';
import { uploadCommand } from '../../console/shared/http-url.ts';
import type { Timeline } from '../../console/shared/job.ts';
import { plotDurations } from '../../console/shared/plot-scale.ts';
import { describeStep, failuresOf, layoutTimeline } from '../../console/shared/timeline-layout.ts';
import { isNearEnd, rowAfterKey, rowsOf, windowOf } from '../../console/shared/virtual-window.ts';

describe('the rows in view', () => {
  const position = { top: 200, viewHeight: 800, rowHeight: 40, rows: 10_000 };

  test('are those on the screen and eight around them, of 10,000', () => {
    expect(windowOf(position)).toEqual({ start: 0, end: 23 });
    expect(windowOf({ ...position, top: -200_000 })).toEqual({ start: 4_992, end: 5_028 });
    expect(windowOf({ ...position, top: -400_000 })).toEqual({ start: 9_992, end: 10_000 });
    for (let top = 200; top > -401_000; top -= 997) {
      expect(rowsOf({ ...position, top }, 1).length).toBeLessThanOrEqual(38);
    }
  });

  test('contain the row with the focus, wherever it is', () => {
    expect(rowsOf({ ...position, top: -200_000 }, 3)[0]).toBe(3);
    expect(rowsOf(position, 9_000).at(-1)).toBe(9_000);
    expect(rowsOf(position, 10_000)).not.toContain(10_000);
  });

  test('of an empty list, and of one without a height, are none', () => {
    expect(rowsOf({ ...position, rows: 0 }, 0)).toEqual([]);
    expect(rowsOf({ ...position, rowHeight: 0 }, undefined)).toEqual([]);
  });

  test('near the end load more', () => {
    expect(isNearEnd(position)).toBe(false);
    expect(isNearEnd({ ...position, rows: 20 })).toBe(true);
    expect(isNearEnd({ ...position, top: -398_500 })).toBe(true);
  });

  test('are reached by keys, and no further', () => {
    expect(rowAfterKey('ArrowDown', 4, position)).toBe(5);
    expect(rowAfterKey('ArrowUp', 0, position)).toBe(0);
    expect(rowAfterKey('PageDown', 0, position)).toBe(19);
    expect(rowAfterKey('End', 0, position)).toBe(9_999);
    expect(rowAfterKey('Enter', 4, position)).toBeUndefined();
    expect(rowAfterKey('constructor', 4, position)).toBeUndefined();
  });
});

describe('a plot of durations', () => {
  const size = { width: 600, height: 150, left: 50, bottom: 20 };
  const point = (atMs: number, durationMs: number, failed = false) => ({ atMs, durationMs, failed });

  test('has each point within the area, the longer above the shorter', () => {
    const plot = plotDurations([point(0, 1_000), point(500, 0), point(1_000, 3_600_000)], size);
    for (const { x, y } of plot?.marks ?? []) {
      expect(x).toBeGreaterThanOrEqual(50);
      expect(x).toBeLessThanOrEqual(600);
      expect(y).toBeGreaterThanOrEqual(0);
      expect(y).toBeLessThanOrEqual(130);
    }
    const [short, none, long] = plot?.marks.map(({ y }) => y) ?? [];
    expect(long).toBeLessThan(short as number);
    expect(none).toBeGreaterThan(short as number);
    expect(plot?.durations.map(({ value }) => value)).toContain(60_000);
  });

  test('draws 10,000 points as some hundred columns with their range', () => {
    const points = Array.from({ length: 10_000 }, (_, index) => point(index, 1_000 + (index % 97) * 100));
    const { marks = [] } = plotDurations(points, size) ?? {};
    expect(marks.length).toBeLessThanOrEqual(100);
    expect(marks.filter(({ top }) => top !== undefined).length).toBeGreaterThan(50);
    expect(marks.every(({ y, top = y, bottom = y }) => top <= y && y <= bottom)).toBe(true);
  });

  test('of one point, of equal points, and of none', () => {
    const one = plotDurations([point(7, 20)], size);
    expect(one?.marks.every(({ x, y }) => Number.isFinite(x) && Number.isFinite(y))).toBe(true);
    expect(one?.times).toHaveLength(1);
    expect(plotDurations([], size)).toBeUndefined();
  });
});

describe('a timeline', () => {
  const at = (seconds: number) => new Date(seconds * 1000).toISOString();
  const timeline: Timeline = {
    queued_ms: 10_000,
    steps: [
      {
        step: 'install',
        status: 'completed',
        started_at: at(10),
        ended_at: at(50),
        attempts: [
          { started_at: at(10), ended_at: at(20), error: { code: 'X', message: 'm' } },
          { started_at: at(30), ended_at: at(50) },
        ],
      },
      {
        step: 'approve',
        status: 'input_required',
        started_at: at(50),
        attempts: [{ started_at: at(50), ended_at: at(60) }],
        waits: [{ asked_at: at(60) }],
      },
      { step: 'package', status: 'pending' },
    ],
  };

  test('shows waits, attempts and failures in percent of the whole', () => {
    const { rows, totalMs } = layoutTimeline(timeline, at(0), undefined, 100_000);
    expect(totalMs).toBe(100_000);
    expect(rows.map(({ bars }) => bars)).toEqual([
      [
        { kind: 'queued', left: 0, width: 10 },
        { kind: 'failed', left: 10, width: 10 },
        { kind: 'attempt', left: 30, width: 20 },
      ],
      [
        { kind: 'attempt', left: 50, width: 10 },
        { kind: 'wait', left: 60, width: 40 },
      ],
      [],
    ]);
    expect(rows.map(({ durationMs }) => durationMs)).toEqual([40_000, 50_000, undefined]);
    expect(timeline.steps.map(describeStep)).toEqual(['2 attempts', 'asked once', '']);
  });

  test('numbers failed attempts after those that it omits', () => {
    const error = { code: 'X' };
    const attempts = [0, 5, 6].map((second) => ({ started_at: at(second), error }));
    const step = { step: 'a', status: 'failed', attempts, attempts_omitted: 3 } as const;
    expect(failuresOf(step).map(({ number }) => number)).toEqual([1, 5, 6]);
  });

  test('keeps every bar within it, whatever the clocks say', () => {
    const odd: Timeline = {
      steps: [
        { step: 'a', status: 'running', started_at: at(-50) },
        { step: 'b', status: 'failed', started_at: at(500), ended_at: at(400) },
        { step: 'c', status: 'completed', started_at: 'never' },
      ],
    };
    const { rows } = layoutTimeline(odd, at(0), at(100), 0);
    for (const { left, width } of rows.flatMap(({ bars }) => bars)) {
      expect(left).toBeGreaterThanOrEqual(0);
      expect(width).toBeGreaterThan(0);
      expect(left + width).toBeLessThanOrEqual(100.001);
    }
  });

  test('offers the steps up to the one that failed for a retry', () => {
    const failed = { timeline, error: { code: 'X', message: '', step: 'approve', retryable: false } };
    expect(retrySteps(failed)).toEqual(['install', 'approve']);
    expect(retrySteps({ error: null })).toEqual([]);
  });
});

describe('polls of a job', () => {
  test('show a step within two seconds, and end with the job', () => {
    expect(nextPollMs({ status: 'running', poll_after_ms: 30_000 })).toBe(1_500);
    expect(nextPollMs({ status: 'running', poll_after_ms: 1_000 })).toBe(1_000);
    expect(nextPollMs({ status: 'input_required', poll_after_ms: 5_000 })).toBe(5_000);
    expect(nextPollMs({ status: 'failed' })).toBeUndefined();
  });

  test('wait longer after each failure, and as long as the API asks for', () => {
    expect([1, 2, 3, 9].map((failures) => backoffMs(failures, undefined))).toEqual([
      2_000, 4_000, 8_000, 30_000,
    ]);
    expect(backoffMs(1, 7_000)).toBe(7_000);
  });

  test('read the links of files again before they expire', () => {
    const expires = (ms: number) => ({ url_expires_at: new Date(ms).toISOString() });
    expect(linkRefreshMs([expires(900_000), expires(800_000)], 0)).toBe(740_000);
    expect(linkRefreshMs([expires(0)], 100_000)).toBe(2_000);
    expect(linkRefreshMs([], 0)).toBeUndefined();
    const input_requests = {
      file: {
        message: '',
        upload: { method: 'PUT', max_bytes: 1, url_expires_at: new Date(90_000).toISOString() },
      },
    } as const;
    expect(hasStaleLinks({ input_requests }, 20_000)).toBe(false);
    expect(hasStaleLinks({ input_requests }, 30_000)).toBe(true);
  });
});

test.each([
  [0, '0 ms'],
  [-5, '0 ms'],
  [999, '999 ms'],
  [1_000, '1.0 s'],
  [12_340, '12 s'],
  [59_999, '59 s'],
  [65_000, '1 min 5 s'],
  [3_600_000, '1 h'],
  [7_380_000, '2 h 3 min'],
  [90_000_000, '1 d 1 h'],
  [Number.NaN, ''],
])('%d ms are %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test('ages, sizes and malformed times', () => {
  const now = Date.parse('2026-01-02T00:00:00Z');
  expect(formatAgo('2026-01-01T23:59:58Z', now)).toBe('now');
  expect(formatAgo('2026-01-01T21:00:00Z', now)).toBe('3 h ago');
  expect(formatAgo('2025-12-01T12:00:00Z', now)).toMatch(/2025/);
  expect(formatAgo('2025-12-01T12:00:00Z', now)).not.toContain(':');
  expect(formatAgo('never', now)).toBe('');
  expect([0, 999, 1_500, 52_428_800].map(formatSize)).toEqual(['0 B', '999 B', '1.5 kB', '52.4 MB']);
  expect(msBetween('never', '2026-01-01T00:00:00Z')).toBeUndefined();
});

test('a link to an execution is made of an ARN of AWS, and of nothing else', () => {
  const arn = 'arn:aws:states:eu-west-1:111122223333:execution:AsyncO-0a1b2c3d-build:88fa9573-1';
  expect(executionUrl(arn)).toBe(
    `https://console.aws.amazon.com/states/home?region=eu-west-1#/v2/executions/details/${arn}`,
  );
  expect(executionUrl(arn.replace(':aws:', ':aws-cn:'))).toContain('https://console.amazonaws.cn/');
  for (const other of [
    arn.replace('111122223333', '000000000000'),
    arn.replace(':aws:', ':constructor:'),
    `${arn}"><script>`,
    'javascript:alert(1)',
    undefined,
  ]) {
    expect(executionUrl(other)).toBeUndefined();
  }
});

test('the command of an upload has an address of the web as one argument', () => {
  expect(uploadCommand("https://example.com/a'$(id)'?b=1")).toBe(
    "curl --fail-with-body -T FILE 'https://example.com/a%27$(id)%27?b=1'",
  );
  expect(uploadCommand('file:///etc/passwd')).toBeUndefined();
});

test('JSON is shown up to 20,000 characters', () => {
  expect(shortJson({ a: 1 })).toEqual({ text: '{\n  "a": 1\n}', cut: 0 });
  const { text, cut } = shortJson('x'.repeat(1_000_000));
  expect(text).toHaveLength(20_001);
  expect(cut).toBe(980_002);
  expect(shortJson(undefined)).toEqual({ text: '', cut: 0 });
});
