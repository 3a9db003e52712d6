/** Computes a plot of durations over time: positions on a logarithmic scale, and groups of points that share a column. */

/** One finished job. */
export interface DurationPoint {
  /** Epoch milliseconds. */
  readonly atMs: number;
  readonly durationMs: number;
  readonly failed: boolean;
}

export interface PlotSize {
  readonly width: number;
  readonly height: number;
  /** Pixels at the left for the labels of the durations. */
  readonly left: number;
  /** Pixels below for the labels of the times. */
  readonly bottom: number;
}

/** What is drawn in one column: one point, or the range of several with their median. */
export interface PlotMark {
  readonly x: number;
  readonly y: number;
  /** Absent for a single point. */
  readonly top?: number;
  readonly bottom?: number;
  readonly failed: boolean;
}

export interface Tick {
  readonly at: number;
  readonly value: number;
}

export interface Plot {
  readonly marks: readonly PlotMark[];
  readonly durations: readonly Tick[];
  readonly times: readonly Tick[];
}

const S = 1_000;
const M = 60 * S;
const H = 60 * M;
const TICKS = [1, 10, 100, S, 10 * S, M, 10 * M, H, 6 * H, 24 * H, 7 * 24 * H, 30 * 24 * H];
/** Above this many points, a column shows their range. */
const MAX_POINTS = 300;
const COLUMN_PX = 6;

/** @returns the duration of which `fraction` are not longer; undefined without points */
export function percentile(sorted: readonly number[], fraction: number): number | undefined {
  return sorted[Math.min(sorted.length - 1, Math.floor(fraction * sorted.length))];
}

/** @returns undefined without points */
export function plotDurations(points: readonly DurationPoint[], size: PlotSize): Plot | undefined {
  if (points.length === 0) return undefined;
  const { width, height, left, bottom } = size;
  const [firstMs, lastMs] = extent(points.map(({ atMs }) => atMs));
  const [shortest, longest] = extent(points.map(({ durationMs }) => Math.max(1, durationMs)));
  // A tick below the shortest and one above the longest.
  const low = TICKS.findLast((tick) => tick <= shortest) ?? 1;
  const high = TICKS.find((tick) => tick > longest) ?? longest * 2;
  const spanMs = Math.max(1, lastMs - firstMs);
  const x = (atMs: number) => left + ((atMs - firstMs) / spanMs) * (width - left - 8) + 2;
  const y = (ms: number) =>
    (1 - Math.log(Math.max(low, ms) / low) / Math.log(high / low)) * (height - bottom - 8) + 8;
  const marks =
    points.length <= MAX_POINTS
      ? points.map(({ atMs, durationMs, failed }) => ({ x: x(atMs), y: y(durationMs), failed }))
      : columnsOf(points, x, y);
  return {
    marks,
    durations: TICKS.filter((tick) => tick >= low && tick <= high).map((value) => ({ value, at: y(value) })),
    times: timeTicks(firstMs, lastMs, Math.max(1, Math.floor((width - left) / 110))).map((value) => ({
      value,
      at: x(value),
    })),
  };
}

/** A loop: the arguments of `Math.min` are limited. */
function extent(values: readonly number[]): readonly [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

function columnsOf(
  points: readonly DurationPoint[],
  x: (atMs: number) => number,
  y: (ms: number) => number,
): readonly PlotMark[] {
  const columns = Map.groupBy(points, ({ atMs }) => Math.floor(x(atMs) / COLUMN_PX));
  return [...columns].map(([column, members]) => {
    const sorted = members.map(({ durationMs }) => durationMs).sort((a, b) => a - b);
    const mark = {
      x: (column + 0.5) * COLUMN_PX,
      y: y(percentile(sorted, 0.5) ?? 0),
      failed: members.some(({ failed }) => failed),
    };
    return members.length === 1 ? mark : { ...mark, top: y(sorted.at(-1) ?? 0), bottom: y(sorted[0] ?? 0) };
  });
}

/** @returns at most `count` times between the first and the last, both included */
function timeTicks(firstMs: number, lastMs: number, count: number): readonly number[] {
  if (lastMs === firstMs || count < 2) return [firstMs];
  return Array.from({ length: count }, (_, index) => firstMs + ((lastMs - firstMs) * index) / (count - 1));
}
