/** The whole of the service: one table, one bucket, one endpoint, and a state machine for each operation. */
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { OperationDefinition } from '../lambdas/definition/operation-definition.ts';
import type { JobLimits } from '../lambdas/jobs/limits.ts';
import { type AuthorizationChoice, DEFAULT_AUTHORIZATION } from './access/authorization.ts';
import type { DomainChoice } from './access/custom-domain.ts';
import type { FirewallChoice } from './access/web-firewall.ts';
import { Gateway } from './endpoints/gateway.ts';
import { ManagementApi } from './endpoints/management-api.ts';
import { McpApi } from './endpoints/mcp-api.ts';
import { ExecutionRecorder } from './jobs/execution-recorder.ts';
import { FailureRecorder } from './jobs/failure-recorder.ts';
import { JobResumer } from './jobs/job-resumer.ts';
import { JobsTable } from './jobs/jobs-table.ts';
import { Reconciler } from './jobs/reconciler.ts';
import { UploadReceiver } from './jobs/upload-receiver.ts';
import { WorkspaceBucket } from './jobs/workspace-bucket.ts';
import type { ApiConnection } from './operations/api-connections.ts';
import { createOperation } from './operations/create-operation.ts';
import { MachineOperation } from './operations/external-operation.ts';
import { Operation } from './operations/steps-operation.ts';
import { JobEvents } from './webhooks/job-events.ts';
import { type WebhookOptions, Webhooks } from './webhooks/webhooks.ts';

export interface AsyncOperationsStackProps extends StackProps {
  readonly operations: readonly OperationDefinition[];
  /** The module that exports `operations`; each operation's folder is beside it. */
  readonly catalogue: string;
  /** Who is let in. @default DEFAULT_AUTHORIZATION: a user pool that is made with the stack */
  readonly authorization?: AuthorizationChoice;
  /** A name of your own for the API. @default none */
  readonly domain?: DomainChoice;
  /** AWS WAF in front of the API; it costs some 10 dollars a month. @default none */
  readonly firewall?: FirewallChoice;
  /** The operator's own tables that `migrate` may change, by name. @default none */
  readonly tables?: readonly string[];
  /** APIs of others that `call_api` may call, with the operator's credentials. @default none */
  readonly apis?: readonly ApiConnection[];
  /**
   * Which state machines of the operator's own do the work of operations, by operation: an ARN or a name.
   * @default what the definitions say
   */
  readonly stateMachines?: Readonly<Record<string, string>>;
  /** What one owner may have done at once. @default DEFAULT_JOB_LIMITS */
  readonly limits?: Partial<JobLimits>;
  /** @default the defaults of each option */
  readonly webhooks?: WebhookOptions;
}

export class AsyncOperationsStack extends Stack {
  constructor(scope: Construct, id: string, props: AsyncOperationsStackProps) {
    super(scope, id, { description: 'Durable async operations for MCP clients', ...props });
    const { catalogue } = props;

    const jobsTable = new JobsTable(this, 'Jobs', { limits: props.limits });
    const workspace = new WorkspaceBucket(this, 'Workspace');
    const failures = new FailureRecorder(this, 'FailureRecorder', { jobsTable });
    const operations = props.operations.map((definition) => ({
      definition,
      construct: createOperation(this, {
        definition,
        stateMachines: props.stateMachines ?? {},
        catalogue,
        jobsTable,
        workspace,
        tables: props.tables ?? [],
        apis: props.apis ?? [],
        failureRecorder: failures.failureRecorder,
      }),
    }));
    const constructs = operations.map(({ construct }) => construct);
    failures.watch(constructs.filter((construct) => construct instanceof Operation));
    new ExecutionRecorder(this, 'ExecutionRecorder', {
      jobsTable,
      operations: constructs.filter((construct) => construct instanceof MachineOperation),
      catalogue,
    });
    new Reconciler(this, 'Reconciler', { jobsTable, operations: constructs, catalogue, workspace });
    new UploadReceiver(this, 'Uploads', { jobsTable, workspace });
    new JobResumer(this, 'Resumer', { jobsTable, operations: constructs });
    const gateway = new Gateway(this, 'Gateway', {
      authorization: props.authorization ?? DEFAULT_AUTHORIZATION,
      domain: props.domain,
      firewall: props.firewall,
    });
    const webhooks = new Webhooks(this, 'Webhooks', { gateway, ...props.webhooks });
    const events = new JobEvents(this, 'Events', { jobsTable, webhooks });
    const mcp = new McpApi(this, 'Mcp', { gateway, operations, catalogue, jobsTable, workspace, webhooks });
    new ManagementApi(this, 'Management', {
      gateway,
      operations: constructs,
      catalogue,
      jobsTable,
      workspace,
      webhooks,
    });

    new CfnOutput(this, 'McpEndpoint', { value: mcp.url, description: 'Give this URL to MCP clients' });
    new CfnOutput(this, 'ApiUrl', {
      value: `${gateway.url}/`,
      description: 'The base URL of the management API, described in docs/openapi.yaml',
    });
    new CfnOutput(this, 'EventsTopicArn', {
      value: events.topic.topicArn,
      description: 'Subscribe to it to be told of jobs',
    });
    new CfnOutput(this, 'DeliveryQueueArn', { value: webhooks.queueArn });
    new CfnOutput(this, 'DeliveryDeadLettersArn', { value: webhooks.deadLettersArn });
    new CfnOutput(this, 'JobsTableName', { value: jobsTable.table.tableName });
    new CfnOutput(this, 'WorkspaceBucketName', { value: workspace.bucket.bucketName });
  }
}
