/** Keeps the values of metrics by minute, and computes their statistics. */

/** A metric of CloudWatch: each combination of dimensions is a metric of its own. */
export interface MetricId {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** Receives a value of a metric. */
export type RecordMetric = (
  namespace: string,
  name: string,
  dimensions: Readonly<Record<string, string>>,
  value: number,
) => void;

export const MINUTE_MS = 60_000;

type Statistic = (values: readonly number[]) => number;

const STATISTICS: Readonly<Record<string, Statistic>> = {
  Average: (values) => sum(values) / values.length,
  Maximum: (values) => values.reduce((a, b) => Math.max(a, b)),
  Minimum: (values) => values.reduce((a, b) => Math.min(a, b)),
  SampleCount: (values) => values.length,
  Sum: sum,
};
/** `p99`, `p99.9` */
const PERCENTILE = /^p(\d{1,2}(\.\d{1,10})?|100)$/;

/** `PR(:1000)`: the percentage of values of at most 1,000. */
const PERCENTILE_RANK = /^PR\(:(\d+(?:\.\d+)?)\)$/;

/** Returns the function of a statistic; undefined when the local cloud has none of this name. */
export function statisticOf(name: string): Statistic | undefined {
  const [, limit] = PERCENTILE_RANK.exec(name) ?? [];
  if (limit !== undefined) {
    return (values) => (100 * values.filter((value) => value <= Number(limit)).length) / values.length;
  }
  const [, percent] = PERCENTILE.exec(name) ?? [];
  if (percent === undefined) return STATISTICS[name];
  return (values) => {
    const sorted = [...values].sort((a, b) => a - b);
    return sorted[Math.max(0, Math.ceil((Number(percent) / 100) * sorted.length) - 1)] ?? Number.NaN;
  };
}

export class MetricStore {
  /** Values by metric, then by minute since 1970. */
  readonly #values = new Map<string, Map<number, number[]>>();

  add(metric: MetricId, value: number, atMs: number): void {
    const key = keyOf(metric);
    const minutes = this.#values.get(key) ?? new Map<number, number[]>();
    this.#values.set(key, minutes);
    const minute = Math.floor(atMs / MINUTE_MS);
    const values = minutes.get(minute);
    if (values) values.push(value);
    else minutes.set(minute, [value]);
  }

  /** Returns whether the metric has ever had a value. */
  has(metric: MetricId): boolean {
    return this.#values.has(keyOf(metric));
  }

  /**
   * Returns a statistic of the values from `fromMs` to before `toMs`, both whole minutes; undefined without values.
   * @throws Error for an unknown statistic
   */
  statistic(metric: MetricId, name: string, fromMs: number, toMs: number): number | undefined {
    const statistic = statisticOf(name);
    if (!statistic) throw new Error(`The statistic ${name} is unknown: use Sum, Average or p99.`);
    const minutes = this.#values.get(keyOf(metric));
    const values: number[] = [];
    for (let minute = fromMs / MINUTE_MS; minute < toMs / MINUTE_MS; minute++)
      values.push(...(minutes?.get(minute) ?? []));
    return values.length === 0 ? undefined : statistic(values);
  }
}

/** By metric. Each alarm asks for its metrics again every minute. */
const keys = new WeakMap<MetricId, string>();

function keyOf(metric: MetricId): string {
  const known = keys.get(metric);
  if (known !== undefined) return known;
  const { namespace, name, dimensions } = metric;
  const key = JSON.stringify([namespace, name, Object.entries(dimensions).sort()]);
  keys.set(metric, key);
  return key;
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
