/** A stack with nothing but the service: what `bin/app.ts` deploys. */
import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { AsyncOperations, type AsyncOperationsProps } from './async-operations.ts';

export interface AsyncOperationsStackProps extends StackProps, AsyncOperationsProps {}

/**
 * A stack of its own for `AsyncOperations`.
 * @example
 * ```ts
 * new AsyncOperationsStack(app, 'AsyncOperations', { operations, authorization: { mode: 'iam' } });
 * ```
 */
export class AsyncOperationsStack extends Stack {
  readonly operations: AsyncOperations;

  constructor(scope: Construct, id: string, props: AsyncOperationsStackProps) {
    super(scope, id, { description: 'Durable async operations for MCP clients', ...props });
    // CDK leaves `Default` out of logical ids: the resources are named as if they were the stack's own.
    this.operations = new AsyncOperations(this, 'Default', props);
  }
}
