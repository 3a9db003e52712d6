/**
 * Defines the permissions that functions of the stack get on one operation. `OperationNames` grants those on all state machines
 * of the stack.
 */
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';

/** Grants permissions and sets the environment variables that belong to them. */
export interface OperationGrants {
  /** Allows a function to call the operation where it runs synchronously, and to run its external state machine. */
  grantRun(fn: LambdaFunction): void;
  /** Allows a function to start and stop executions of an external state machine that are jobs. */
  grantStartStop(fn: LambdaFunction): void;
  /** Allows a function to stop executions of an external state machine that are jobs. */
  grantStop(fn: LambdaFunction): void;
  /** Allows a function to list, start, read and record executions of an external state machine. */
  grantReconcile(fn: LambdaFunction): void;
  /** Allows a function to read the progress of executions that do not report it. */
  grantReadProgress(fn: LambdaFunction): void;
}
