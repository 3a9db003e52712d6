/** Summarizes the samples of a benchmark. */

/** Returns the value below which `fraction` of the samples lie. */
export function percentile(samples: readonly number[], fraction: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(fraction * sorted.length))] ?? Number.NaN;
}

export function median(samples: readonly number[]): number {
  return percentile(samples, 0.5);
}

/** One line of a benchmark's table. Ratios compare two measurements that alternate in one run on one machine. */
export interface Row {
  readonly what: string;
  readonly value: number | string;
  readonly unit: string;
  /** Maximum of the value; undefined without a limit. */
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
