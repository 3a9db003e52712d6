/** Creates a stack that contains only the service. `bin/app.ts` deploys it. */
import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { AsyncOperations, type AsyncOperationsProps } from './async-operations.ts';

/** Properties of `AsyncOperationsStack`: those of a CDK stack and those of `AsyncOperations`. */
export interface AsyncOperationsStackProps extends StackProps, AsyncOperationsProps {}

/**
 * A stack that contains one `AsyncOperations` construct. To add the service to your own stack, use that construct.
 * @example
 * ```ts
 * new AsyncOperationsStack(app, 'AsyncOperations', { operations, authorization: { mode: 'iam' } });
 * ```
 */
export class AsyncOperationsStack extends Stack {
  /** The service: its API, tables, topic and operations. */
  readonly operations: AsyncOperations;

  constructor(scope: Construct, id: string, props: AsyncOperationsStackProps) {
    super(scope, id, {
      description: 'Durable async operations for MCP clients',
      // CloudFormation accepts at most 1 MB, of which indentation would be a third.
      suppressTemplateIndentation: true,
      ...props,
    });
    // CDK omits `Default` from logical ids, so the resources are named as if they were directly in the stack.
    this.operations = new AsyncOperations(this, 'Default', props);
  }
}
