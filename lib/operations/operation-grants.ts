/** What the functions of the stack may do with an operation, whatever does its work. */
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';

export interface OperationGrants {
  /** To start and stop its executions, and to call it where it answers calls. */
  grantRun(fn: LambdaFunction): void;
  /** To see how its executions are doing, to start those that were not, and to record those that cannot do so themselves. */
  grantReconcile(fn: LambdaFunction): void;
  /** To have executions go on that wait for answers. */
  grantResume(fn: LambdaFunction): void;
  /** To see how far executions are that do not say so themselves. */
  grantObserve(fn: LambdaFunction): void;
}
