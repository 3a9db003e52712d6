/** Computes what a job of any duration uses from two measured jobs. */
import type { Quantities } from '../../lambdas/receipt/price-lines.ts';

/** What one job used. */
export interface JobUse {
  readonly quantities: Quantities;
  /** Reports of its sandboxes. */
  readonly reports: number;
  /** Of the function that takes the reports: a part of `sharedGbSeconds`. */
  readonly reportGbSeconds: number;
}

/** @param factor of the difference between the two jobs: 0 gives the short one, 1 the long one */
export function extrapolate(short: JobUse, long: JobUse, factor: number): Quantities {
  const job = addQuantities([
    [short.quantities, 1],
    [long.quantities, factor],
    [short.quantities, -factor],
  ]);
  // The time of other shared functions does not depend on that of the steps: their difference would be noise, many times over.
  const gbSecondsOfReport = long.reports > 0 ? long.reportGbSeconds / long.reports : 0;
  const { sharedGbSeconds = 0 } = short.quantities;
  const ofReports = factor * (long.reports - short.reports) * gbSecondsOfReport;
  return { ...job, sharedGbSeconds: Math.max(0, sharedGbSeconds + ofReports) };
}

/** @returns the weighted sums; a difference of noise is not below zero */
export function addQuantities(parts: readonly (readonly [Quantities, number])[]): Quantities {
  const names = [
    ...new Set(parts.flatMap(([quantities]) => Object.keys(quantities))),
  ] as (keyof Quantities)[];
  return Object.fromEntries(
    names.map((name) => [
      name,
      Math.max(
        0,
        parts.reduce((total, [quantities, weight]) => total + weight * (quantities[name] ?? 0), 0),
      ),
    ]),
  );
}
