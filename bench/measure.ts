/** Small numbers out of many: what a benchmark says of its samples. */

/** The value below which `fraction` of the samples lie. */
export function percentile(samples: readonly number[], fraction: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(fraction * sorted.length))] ?? Number.NaN;
}

export function median(samples: readonly number[]): number {
  return percentile(samples, 0.5);
}

/** One line of a benchmark's table. Ratios compare two things measured in turn within one run, on the same machine. */
export interface Row {
  readonly what: string;
  readonly value: number | string;
  readonly unit: string;
  /** What the value must not pass; absent where there is no such promise. */
  readonly limit?: number;
}

export function row(what: string, value: number, unit: string, limit?: number): Row {
  return {
    what,
    value: Number(value.toFixed(value < 10 ? 2 : 0)),
    unit,
    ...(limit !== undefined && { limit }),
  };
}
