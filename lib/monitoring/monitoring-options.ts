/** Defines and checks the options of the monitoring, and reads them from the CDK context. */
import { createRequire } from 'node:module';
import { Token } from 'aws-cdk-lib';
import type { IAlarmAction } from 'aws-cdk-lib/aws-cloudwatch';
import type { Node } from 'constructs';
import { type CanaryOptions, readCanary } from './canary.ts';
import type { AlarmThresholds } from './thresholds.ts';

/** A limit for what jobs cost. */
export interface BudgetOptions {
  /** US dollars a month. A day whose jobs cost more than a thirtieth of it sets off the alarm `cost-budget`. */
  readonly monthlyUsd: number;
}

/**
 * Alarms, a dashboard and saved queries of a deployment. docs/guides/monitoring.md lists them and what they cost.
 * @example
 * ```ts
 * new AsyncOperations(stack, 'Operations', {
 *   operations,
 *   monitoring: { email: 'on-call@example.com', thresholds: { concurrentExecutions: 2_400 }, budget: { monthlyUsd: 300 } },
 * });
 * ```
 */
export interface MonitoringOptions {
  /** Actions of each alarm that goes off, such as `new SnsAction(topic)`. @default none: alarms change their color */
  readonly alarmActions?: readonly IAlarmAction[];
  /** Actions of each alarm that is over. @default none */
  readonly okActions?: readonly IAlarmAction[];
  /**
   * Receives a message when an alarm goes off and when it is over. AWS first sends a link to confirm the address. It creates a
   * topic.
   * @default nobody
   */
  readonly email?: string;
  /** Whether to create the dashboard. @default true */
  readonly dashboard?: boolean;
  /** When alarms go off. @default the default of each threshold */
  readonly thresholds?: Partial<AlarmThresholds>;
  /**
   * Base URL of the runbooks, for your own copies of `docs/runbooks`. Each alarm has the link `<base URL>/<alarm>.md`.
   * @default the runbooks of this version of the package, at unpkg.com
   */
  readonly runbooks?: string;
  /**
   * Runs a small job every five minutes through the public address, and adds the alarms on the two objectives: see docs/reference/slo.md.
   * @default no canary and no alarms on objectives
   */
  readonly canary?: CanaryOptions;
  /** Limits what jobs cost, with an alarm. @default no alarm */
  readonly budget?: BudgetOptions;
}

/** Returns the base URL of the runbooks of this version. */
export function packagedRunbooks(): string {
  const { name, version } = createRequire(import.meta.url)('mcp-async-operations/package.json') as {
    readonly name: string;
    readonly version: string;
  };
  return `https://unpkg.com/${name}@${version}/docs/runbooks`;
}

/** Returns the base URL without a trailing slash. @throws Error naming the URL and the remedy */
export function runbooksUrl(given: string | undefined): string {
  if (given === undefined) return packagedRunbooks();
  if (Token.isUnresolved(given)) return given;
  const url = URL.parse(given);
  if (url?.protocol !== 'https:' || url.search || url.hash || url.username || /\s/.test(given)) {
    throw new Error(
      `monitoring.runbooks is "${given}": give an https URL without a query, such as https://wiki.example.com/runbooks.`,
    );
  }
  return given.replace(/\/+$/, '');
}

/** @throws Error naming the address and the remedy */
export function checkEmail(email: string): void {
  if (Token.isUnresolved(email) || /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email)) return;
  throw new Error(`monitoring.email is "${email}": give one address, such as on-call@example.com.`);
}

/** @throws Error naming the amount and the remedy */
export function checkBudget({ monthlyUsd }: BudgetOptions): void {
  if (Number.isFinite(monthlyUsd) && monthlyUsd > 0) return;
  throw new Error(`monitoring.budget.monthlyUsd is ${monthlyUsd}: give US dollars, more than 0.`);
}

/**
 * Reads `monitoring`, `alarmEmail`, `monthlyBudget`, `canary`, `canaryInput` and `canarySecretArn` from the CDK context.
 * @throws Error naming the key, the value and the remedy
 */
export function readMonitoring(node: Node): false | MonitoringOptions | undefined {
  const value = String(node.tryGetContext('monitoring') ?? '');
  const email = String(node.tryGetContext('alarmEmail') ?? '');
  const budget = String(node.tryGetContext('monthlyBudget') ?? '');
  if (!['', 'true', 'false'].includes(value)) {
    throw new Error(
      `monitoring is "${value}": give true or false. Set its options in code, as the property monitoring.`,
    );
  }
  const canary = readCanary(node);
  if (value === 'false') {
    if (email || budget || canary) {
      throw new Error(
        'alarmEmail, monthlyBudget and canary need alarms: remove them, or remove monitoring=false.',
      );
    }
    return false;
  }
  const options = {
    ...(email && { email }),
    ...(budget && { budget: { monthlyUsd: Number(budget) } }),
    ...(canary && { canary }),
  };
  return Object.keys(options).length > 0 ? options : undefined;
}
