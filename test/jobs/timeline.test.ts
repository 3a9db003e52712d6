/** Tests that a timeline stays below its limit, whatever a job does, and what it keeps. */
import fc from 'fast-check';
import {
  MAX_TIMELINE_BYTES,
  shortenTimeline,
  type TimelineEvent,
  timelineBytes,
} from '../../lambdas/jobs/timeline.ts';

/** An attempt at a second that failed half a second later. */
function failed(step: string, second: number, message = 'It failed.'): TimelineEvent[] {
  const at = second * 1_000;
  return [
    { step, began: at },
    { step, failed: at + 500, code: 'FAILED', message },
  ];
}

test('the bytes of a timeline are those of its JSON', () => {
  const events = failed('first', 1);
  expect(timelineBytes(events)).toBe(Buffer.byteLength(JSON.stringify(events)) - 1);
  expect(timelineBytes([])).toBe(0);
});

test('a timeline within the limit stays as it is', () => {
  const events = failed('first', 1);
  expect(shortenTimeline(events)).toBe(events);
});

test('of 200 attempts the first and the latest ones stay, with the number of the others', () => {
  const attempts = Array.from({ length: 200 }, (_, second) => failed('compile', second));
  const install: readonly TimelineEvent[] = [
    { step: 'install', began: 0 },
    { step: 'install', ended: 1 },
  ];
  const short = shortenTimeline([...install, ...attempts.flat()]);
  const begins = short.flatMap((event) => ('began' in event && event.step === 'compile' ? event.began : []));
  const [omitted] = short.filter((event) => 'omitted' in event);
  expect(timelineBytes(short)).toBeLessThan(MAX_TIMELINE_BYTES);
  expect(short.slice(0, 5)).toEqual([...install, ...failed('compile', 0), omitted]);
  expect(begins.slice(1)).toEqual(attempts.map((_, second) => second * 1_000).slice(1 - begins.length));
  expect(omitted).toEqual({ step: 'compile', omitted: 200 - begins.length });
});

test('the repeated end of the step before goes first', () => {
  const install: TimelineEvent[] = [
    { step: 'install', began: 0 },
    { step: 'install', ended: 1 },
  ];
  // As DynamoDB returns it: in another order of names.
  const repeated = (second: number): TimelineEvent[] => [
    { ended: 1, step: 'install' },
    { step: 'ask', asked: second },
  ];
  const asks = Array.from({ length: 80 }, (_, second) => repeated(second)).flat();
  const short = shortenTimeline([...install, { step: 'ask', began: 1 }, ...asks]);
  expect(short.slice(0, 3)).toEqual([...install, { step: 'ask', began: 1 }]);
  expect(short.filter((event) => 'ended' in event)).toEqual([{ step: 'install', ended: 1 }]);
  expect(short.filter((event) => 'asked' in event)).toHaveLength(80);
});

test('a timeline that is shortened again counts all attempts that it left out', () => {
  let events: readonly TimelineEvent[] = [];
  for (let second = 0; second < 500; second++) events = shortenTimeline([...events, ...failed('a', second)]);
  const omitted = events.flatMap((event) => ('omitted' in event ? event.omitted : []));
  const begins = events.filter((event) => 'began' in event);
  expect(omitted).toEqual([500 - begins.length]);
});

test('the waits of an attempt that is left out are left out too', () => {
  const round = (second: number): TimelineEvent[] => [
    { step: 'ask', began: second },
    { step: 'ask', asked: second },
    { step: 'ask', answered: second },
  ];
  const short = shortenTimeline(Array.from({ length: 100 }, (_, second) => round(second)).flat());
  const count = (kind: string) => short.filter((event) => kind in event).length;
  expect(count('asked')).toBe(count('began'));
  expect(count('answered')).toBe(count('began'));
});

test('of hundreds of states the latest ones stay', () => {
  const states = Array.from({ length: 300 }, (_, second) => ({ step: `state ${second}`, began: second }));
  const short = shortenTimeline(states);
  expect(short.length).toBeGreaterThan(20);
  expect(short).toEqual(states.slice(-short.length));
});

test('no sequence of events exceeds the limit, and the latest event always stays', () => {
  const step = fc.constantFrom('install', 'compile', '😀'.repeat(64));
  const ms = fc.nat();
  const text = fc.string({ unit: 'grapheme', maxLength: 200 });
  const event: fc.Arbitrary<TimelineEvent> = fc.oneof(
    fc.record({ step, began: ms }),
    fc.record({ step, failed: ms, code: fc.constant('X'.repeat(64)), message: text }),
    fc.record({ step, asked: ms }),
    fc.record({ step, answered: ms }),
    fc.record({ step, ended: ms }),
  );
  fc.assert(
    fc.property(fc.array(event, { minLength: 1, maxLength: 150 }), (events) => {
      const short = shortenTimeline(events);
      expect(timelineBytes(short)).toBeLessThanOrEqual(MAX_TIMELINE_BYTES);
      expect(short.at(-1)).toEqual(events.at(-1));
    }),
  );
});
