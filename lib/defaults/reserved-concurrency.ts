/** Reserves concurrency of Lambda for the functions of the engine, when the operator asks for it. */
import type { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct, Node } from 'constructs';
import { NodeFunction } from './node-function.ts';

/**
 * Reserved concurrent executions of each function. A reservation is also a limit.
 * @example
 * ```ts
 * new AsyncOperations(stack, 'Operations', { operations, reservedConcurrency: { mcp: 400 } });
 * ```
 */
export interface ReservedConcurrency {
  /** The function that verifies access tokens. API Gateway caches its results for a minute. @default 20 */
  readonly authorizer: number;
  /** Each of the functions that record how executions end and where uploads arrive, and the canary. @default 10 */
  readonly recorder: number;
  /** The function that resumes jobs after answers. @default 10 */
  readonly resumer: number;
  /** The function that publishes events. @default 10 */
  readonly publisher: number;
  /** The function of the management API. @default 50 */
  readonly api: number;
  /** Limits the function of the MCP endpoint, whose calls may wait for 50 s. @default 300 */
  readonly mcp: number;
  /** The function that takes the reports of sandboxes. Without it, running steps fail. @default 50 */
  readonly reports: number;
  /** Limits each function of a sandbox: one for each memory of its steps. @default 100 */
  readonly sandbox: number;
}

/** The defaults with one function of a sandbox reserve 570 of the 1,000 concurrent executions of an account, and 10 more with the canary. */
const DEFAULT_RESERVED_CONCURRENCY: ReservedConcurrency = {
  authorizer: 20,
  recorder: 10,
  resumer: 10,
  publisher: 10,
  api: 50,
  mcp: 300,
  reports: 50,
  sandbox: 100,
};

/** Sets the reservation of each function below a construct that has a purpose. @throws Error naming the value and the remedy */
export function reserveConcurrency(scope: Construct, given: Partial<ReservedConcurrency>): void {
  const reserved = { ...DEFAULT_RESERVED_CONCURRENCY, ...given };
  for (const [name, count] of Object.entries(reserved)) {
    if (Number.isInteger(count) && count >= 1) continue;
    throw new Error(`reservedConcurrency.${name} is ${count}: give a whole number of at least 1.`);
  }
  for (const construct of scope.node.findAll()) {
    if (!(construct instanceof NodeFunction) || !construct.purpose) continue;
    const resource = construct.node.defaultChild as CfnFunction;
    resource.reservedConcurrentExecutions = reserved[construct.purpose];
  }
}

/**
 * Reads `reservedConcurrency` from the CDK context.
 * @returns undefined unless it is true
 * @throws Error for another value than true or false
 */
export function readReservedConcurrency(node: Node): Partial<ReservedConcurrency> | undefined {
  const value = String(node.tryGetContext('reservedConcurrency') ?? 'false');
  if (value === 'false') return undefined;
  if (value === 'true') return {};
  throw new Error(
    `reservedConcurrency is "${value}": give true or false. Set the numbers in code, as the property reservedConcurrency.`,
  );
}
