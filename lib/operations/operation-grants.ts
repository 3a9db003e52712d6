/** Defines the permissions that functions of the stack get on an operation, for steps and external state machines alike. */
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';

/** Grants permissions and sets the environment variables that belong to them. */
export interface OperationGrants {
  /** Allows a function to start and stop executions, and to call the operation where it runs synchronously. */
  grantRun(fn: LambdaFunction): void;
  /** Allows a function to start and stop executions that are jobs. */
  grantStartStop(fn: LambdaFunction): void;
  /** Allows a function to list and read executions, to start missing ones, and to record those that do not record themselves. */
  grantReconcile(fn: LambdaFunction): void;
  /** Allows a function to resume executions that wait for answers. */
  grantResume(fn: LambdaFunction): void;
  /** Allows a function to read the progress of executions that do not report it. */
  grantReadProgress(fn: LambdaFunction): void;
}
