/** The whole of the service: one table, one bucket, one endpoint, and a state machine for each operation. */
import { dirname } from 'node:path';
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { OperationDefinition } from '../lambdas/operations/define-operation.ts';
import { FailureRecorder } from './failure-recorder.ts';
import { JobEvents } from './job-events.ts';
import { JobsTable } from './jobs-table.ts';
import { McpApi } from './mcp-api.ts';
import { Operation } from './operation.ts';
import { WorkspaceBucket } from './workspace-bucket.ts';

export interface AsyncOperationsStackProps extends StackProps {
  readonly operations: readonly OperationDefinition[];
  /** The module that exports `operations`; each operation's folder is beside it. */
  readonly catalogue: string;
}

export class AsyncOperationsStack extends Stack {
  constructor(scope: Construct, id: string, props: AsyncOperationsStackProps) {
    super(scope, id, { description: 'Durable async operations for MCP clients', ...props });
    const { catalogue } = props;

    const jobsTable = new JobsTable(this, 'Jobs');
    const workspace = new WorkspaceBucket(this, 'Workspace');
    const failures = new FailureRecorder(this, 'FailureRecorder', { jobsTable });
    const operations = props.operations.map((definition) => ({
      definition,
      construct: new Operation(this, definition.name, {
        definition,
        catalogueDirectory: dirname(catalogue),
        jobsTable,
        workspace,
        failureRecorder: failures.failureRecorder,
      }),
    }));
    failures.watch(operations.map(({ construct }) => construct.stateMachine));
    const events = new JobEvents(this, 'Events', { jobsTable });
    const mcp = new McpApi(this, 'Mcp', { operations, catalogue, jobsTable, workspace });

    new CfnOutput(this, 'McpEndpoint', { value: mcp.url, description: 'Give this URL to MCP clients' });
    new CfnOutput(this, 'EventsTopicArn', {
      value: events.topic.topicArn,
      description: 'Subscribe to it to be told of jobs',
    });
    new CfnOutput(this, 'JobsTableName', { value: jobsTable.table.tableName });
    new CfnOutput(this, 'WorkspaceBucketName', { value: workspace.bucket.bucketName });
  }
}
