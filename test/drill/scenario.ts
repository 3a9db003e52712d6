/** Defines a scenario: the cause of one alarm, and what else it sets off. */
import type { DrillCloud } from './drill-cloud.ts';

export interface Scenario {
  /** The id of the alarm. */
  readonly alarm: string;
  /** What is done, for the table: "the issuer of tokens is down". */
  readonly cause: string;
  /** Alarms that the same cause sets off, with the reason. @default none */
  readonly also?: Readonly<Record<string, string>>;
  /** Minutes of alarm time within which the alarm goes off. @default 45 */
  readonly limitMinutes?: number;
  /** Whether the canary runs. @default false */
  readonly hasCanary?: boolean;
  /** Hours without any event that pass at once after the cause has ended: for an alarm that looks back for long. @default 0 */
  readonly quietHours?: number;
  /** Begins the cause. @returns a function that ends it */
  readonly begin: (drill: DrillCloud) => Promise<() => Promise<void> | void>;
  /** Runs before each minute ends, until the alarm goes off: work that meets the cause. @default none */
  readonly eachMinute?: (drill: DrillCloud, minute: number) => Promise<unknown>;
  /** Runs before each minute ends, after the cause has ended: work that shows that all is well again. @default none */
  readonly eachMinuteAfter?: (drill: DrillCloud, minute: number) => Promise<unknown>;
}
