/** Creates the service in a stack: the tables, the bucket, the endpoint, and a state machine for each operation. */
import { CfnOutput, Tags } from 'aws-cdk-lib';
import type { RestApi } from 'aws-cdk-lib/aws-apigateway';
import type { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { JobLimits } from '../lambdas/jobs/limits.ts';
import type { MetricName } from '../lambdas/shared/observability/metric-definitions.ts';
import {
  type AuthorizationChoice,
  DEFAULT_AUTHORIZATION,
  localAuthorization,
} from './access/authorization.ts';
import type { DomainChoice } from './access/custom-domain.ts';
import type { FirewallChoice } from './access/web-firewall.ts';
import type { Catalogue } from './catalogue.ts';
import { addQuotaChecks } from './check-quotas.ts';
import { DeadLetterQueue } from './defaults/dead-letter-queue.ts';
import { deploymentName, setServiceName } from './defaults/deployment-name.ts';
import { checkRegion } from './defaults/regions.ts';
import { type ReservedConcurrency, reserveConcurrency } from './defaults/reserved-concurrency.ts';
import { checkSameEnvironment } from './defaults/same-environment.ts';
import { setTracing, type TracingChoice } from './defaults/tracing.ts';
import type { ApiLogsChoice } from './endpoints/api-logs.ts';
import { Gateway } from './endpoints/gateway.ts';
import { ManagementApi } from './endpoints/management-api.ts';
import { McpApi } from './endpoints/mcp-api.ts';
import { SandboxReports } from './endpoints/sandbox-reports.ts';
import { checkServer, type ServerOptions } from './endpoints/server-options.ts';
import { ExecutionQueue } from './jobs/execution-queue.ts';
import { ExecutionRecorder } from './jobs/execution-recorder.ts';
import { FailureRecorder } from './jobs/failure-recorder.ts';
import { JobResumer } from './jobs/job-resumer.ts';
import { JobsTable } from './jobs/jobs-table.ts';
import { Reconciler } from './jobs/reconciler.ts';
import { SlotsTable } from './jobs/slots-table.ts';
import { UploadReceiver } from './jobs/upload-receiver.ts';
import { WorkspaceBucket } from './jobs/workspace-bucket.ts';
import { Canary } from './monitoring/canary.ts';
import { findMonitored } from './monitoring/monitored.ts';
import { Monitoring } from './monitoring/monitoring.ts';
import type { MonitoringOptions } from './monitoring/monitoring-options.ts';
import { metricOf, type ServiceMetricOptions } from './monitoring/service-metric.ts';
import type { ApiConnection } from './operations/api-connections.ts';
import { createOperation } from './operations/create-operation.ts';
import { ExternalStateMachineOperation } from './operations/external-state-machine-operation.ts';
import { MachineResources } from './operations/machine-resources.ts';
import { Operation } from './operations/operation.ts';
import { OperationNames } from './operations/operation-names.ts';
import type { OperationFunctionOptions } from './operations/step-function.ts';
import { JobEvents } from './webhooks/job-events.ts';
import { type WebhookOptions, Webhooks } from './webhooks/webhooks.ts';

/** Key of the tags: activate it, and `…:operation`, as cost allocation tags. */
const TAG = 'mcp-async-operations';

/** Properties of `AsyncOperations`. Only `operations` is required. */
export interface AsyncOperationsProps {
  /** The catalogue that `loadOperations` returns. */
  readonly operations: Catalogue;
  /** Options of the functions that run the steps, by name of the operation. @default the defaults of each option */
  readonly functions?: Readonly<Record<string, OperationFunctionOptions>>;
  /** How callers authenticate. @default `{ mode: 'cognito' }`: a user pool of the construct, by invitation only */
  readonly authorization?: AuthorizationChoice;
  /** Custom domain name for the API. @default none: the API has the URL of its stage */
  readonly domain?: DomainChoice;
  /** How the server introduces itself to clients. @default the default of each option, with a public server card */
  readonly server?: ServerOptions;
  /** AWS WAF in front of the API, about 10 US dollars a month. @default none */
  readonly firewall?: FirewallChoice;
  /** CloudWatch logs of requests to the API. @default none: functions write logs, API Gateway writes none */
  readonly apiLogs?: ApiLogsChoice;
  /** What records traces. @default `xray`: X-Ray, at 5 US dollars a million traces that its sampling keeps */
  readonly tracing?: TracingChoice;
  /** Names of existing DynamoDB tables that operations with `resources.tables` may read and change. @default none */
  readonly tables?: readonly string[];
  /** APIs that operations with `calls` may call, with the credentials of your EventBridge connections. @default none */
  readonly apis?: readonly ApiConnection[];
  /** ARNs of the customer managed KMS keys that encrypt `tables`, or the credentials of `apis`. @default none */
  readonly kmsKeys?: readonly string[];
  /** ARN or name of an external state machine, by name of the operation. @default the value in each definition */
  readonly stateMachines?: Readonly<Record<string, string>>;
  /** Limits for the jobs of one owner. @default DEFAULT_JOB_LIMITS */
  readonly limits?: Partial<JobLimits>;
  /**
   * Publishes `job.progress` to `eventsTopic` too. Every job then counts as watched: its steps write their progress every two
   * seconds instead of every ten, and each write is a message of SNS. Endpoints, `callback_url` and MCP Events subscriptions
   * receive `job.progress` without it.
   * @default false
   */
  readonly progressToTopic?: boolean;
  /** Retries, concurrency and ports of webhooks. @default the defaults of each option */
  readonly webhooks?: WebhookOptions;
  /**
   * Reserves concurrent executions of Lambda for the functions that keep jobs moving, and limits those that callers can fill.
   * Each number has a default, so `{}` turns it on. The account needs 100 more than the sum: a new account often has ten in
   * all, and accepts no reservation.
   * @default nothing is reserved
   */
  readonly reservedConcurrency?: Partial<ReservedConcurrency>;
  /**
   * Alarms, a dashboard and saved queries. `false` turns all of them off, also the alarms on dead letters.
   * @default on: docs/guides/monitoring.md has what it costs
   */
  readonly monitoring?: false | MonitoringOptions;
}

/**
 * Durable async operations for MCP clients, as a construct for your stack. It creates an MCP endpoint, a management API,
 * webhooks, the jobs table, a workspace bucket and an events topic. Each operation gets a function and a state machine.
 * @example
 * ```ts
 * const operations = await loadOperations(new URL('../operations/index.ts', import.meta.url));
 * const ops = new AsyncOperations(stack, 'Operations', { operations });
 * images.grantReadWrite(ops.operation('thumbnail').function);
 * ```
 */
export class AsyncOperations extends Construct {
  /** The REST API: `/mcp`, the management API, and the routes that you add. */
  readonly api: RestApi;
  /** URL of the MCP endpoint, `https://…/mcp`: give it to MCP clients. */
  readonly endpointUrl: string;
  /** The table of all jobs. The stack retains it when you delete the stack. */
  readonly jobsTable: TableV2;
  /**
   * Receives each event of each job, and `job.progress` only with `progressToTopic`. Use the message attributes `type`, `operation`,
   * `owner` and `status` in filter policies.
   */
  readonly eventsTopic: Topic;
  /** Contains sources, artifacts, large results and logs. */
  readonly workspaceBucket: Bucket;
  readonly #operations: ReadonlyMap<string, Operation | ExternalStateMachineOperation>;
  readonly #names: OperationNames;
  readonly #jobs: JobsTable;
  readonly #executionQueue: ExecutionQueue;
  readonly #workspace: WorkspaceBucket;

  /** @throws Error naming the property, the value and the remedy */
  constructor(scope: Construct, id: string, props: AsyncOperationsProps) {
    super(scope, id);
    if (props.tracing !== undefined) setTracing(this, props.tracing);
    const { operations: catalogue, functions = {}, tables = [], apis = [], kmsKeys = [] } = props;
    const { stateMachines = {}, server = {} } = props;
    checkServer(server);
    checkNames(catalogue, functions);
    checkRegion(this, catalogue);
    for (const { name, connectionArn } of apis) {
      checkSameEnvironment(this, `apis: "${name}"`, 'connection', connectionArn);
    }
    Tags.of(this).add(TAG, deploymentName(this));
    setServiceName(this);

    const names = new OperationNames(this);
    const jobsTable = new JobsTable(this, 'Jobs', { limits: props.limits });
    const workspace = new WorkspaceBucket(this, 'Workspace', { operations: catalogue.operations });
    const failures = new FailureRecorder(this, 'FailureRecorder', { jobsTable, catalogue });
    const { failureRecorder } = failures;
    const machines = new MachineResources(this, 'Machines', { names, failureRecorder });
    const hasSandbox = catalogue.operations.some(
      (definition) => 'sandbox' in definition && definition.sandbox,
    );
    const reports = hasSandbox
      ? new SandboxReports(this, 'Reports', { names, jobsTable, workspace })
      : undefined;
    const operations = catalogue.operations.map((definition) => {
      const options = functions[definition.name];
      const common = { definition, catalogue, names, machines, options, stateMachines, jobsTable, workspace };
      return {
        definition,
        construct: createOperation(this, { ...common, tables, apis, kmsKeys, failureRecorder, reports }),
      };
    });
    for (const { definition, construct } of operations) {
      Tags.of(construct).add(`${TAG}:operation`, definition.name);
    }
    const constructs = operations.map(({ construct }) => construct);
    failures.watch(names);
    new ExecutionRecorder(this, 'ExecutionRecorder', {
      jobsTable,
      operations: constructs.filter((construct) => construct instanceof ExternalStateMachineOperation),
      catalogue,
    });
    const executionQueue = new ExecutionQueue(this, 'ExecutionQueue', {
      jobsTable,
      names,
      operations: constructs,
      catalogue,
    });
    const reconciler = new Reconciler(this, 'Reconciler', {
      jobsTable,
      names,
      operations: constructs,
      catalogue,
      workspace,
    });
    new UploadReceiver(this, 'Uploads', { jobsTable, workspace });
    new JobResumer(this, 'Resumer', { jobsTable, names });
    const gateway = new Gateway(this, 'Gateway', {
      authorization: localAuthorization(this.node) ?? props.authorization ?? DEFAULT_AUTHORIZATION,
      domain: props.domain,
      firewall: props.firewall,
      logs: props.apiLogs,
    });
    reports?.serve(gateway);
    const slots = new SlotsTable(this, 'Slots');
    const webhooks = new Webhooks(this, 'Webhooks', { gateway, slots, ...props.webhooks });
    const events = new JobEvents(this, 'Events', {
      jobsTable,
      catalogue,
      webhooks,
      progressToTopic: props.progressToTopic ?? false,
    });
    const endpoint = { gateway, catalogue, jobsTable, workspace, webhooks, slots, server };
    const mcp = new McpApi(this, 'Mcp', { ...endpoint, names, operations, executionQueue });
    // A deploy updates them first, so that no job of a new operation meets a sweep that does not know the operation.
    mcp.node.addDependency(failures, reconciler);
    new ManagementApi(this, 'Management', {
      ...endpoint,
      operations: constructs,
      names,
      executionQueue,
      reconciler,
      deadLetters: this.node.findAll().filter((construct) => construct instanceof DeadLetterQueue),
    });

    if (props.monitoring !== false) {
      const { canary } = props.monitoring ?? {};
      // First, so that its function and its rule are monitored too.
      if (canary) new Canary(this, 'Canary', { gateway, catalogue, ...canary });
      const monitored = findMonitored(this, {
        service: deploymentName(this),
        api: gateway.api,
        topic: events.topic,
        deliveries: webhooks.queue,
        starts: executionQueue.queue,
        eventRetries: events.retries,
      });
      new Monitoring(this, 'Monitoring', { monitored, options: props.monitoring ?? {} });
    }
    if (props.reservedConcurrency) reserveConcurrency(this, props.reservedConcurrency);

    this.api = gateway.api;
    this.endpointUrl = mcp.url;
    this.jobsTable = jobsTable.table;
    this.eventsTopic = events.topic;
    this.workspaceBucket = workspace.bucket;
    this.#operations = new Map(operations.map(({ definition, construct }) => [definition.name, construct]));
    this.#names = names;
    this.#jobs = jobsTable;
    this.#executionQueue = executionQueue;
    this.#workspace = workspace;
    addQuotaChecks(this, catalogue.operations.length);
    this.#output('McpEndpoint', mcp.url, 'Give this URL to MCP clients');
    this.#output(
      'ConsoleUrl',
      `${gateway.url}/console`,
      'Open this URL in a browser to see jobs and webhooks',
    );
    this.#output(
      'ApiUrl',
      `${gateway.url}/`,
      'Base URL of the management API, see docs/reference/http-api.md',
    );
    this.#output(
      'EventsTopicArn',
      events.topic.topicArn,
      'Subscribe to this topic to receive the events of jobs',
    );
    this.#output('DeliveryQueueArn', webhooks.queue.queueArn);
    this.#output('DeliveryDeadLettersArn', webhooks.deadLettersArn);
    this.#output('JobsTableName', jobsTable.table.tableName);
    this.#output('WorkspaceBucketName', workspace.bucket.bucketName);
  }

  /**
   * Returns the construct of an operation with steps. Grant its `function` the permissions that the steps need.
   * @throws Error when there is no such operation, or it runs an external state machine
   * @example
   * ```ts
   * images.grantReadWrite(ops.operation('thumbnail').function);
   * ```
   */
  operation(name: string): Operation {
    const construct = this.#operations.get(name);
    if (construct instanceof Operation) return construct;
    const names = [...this.#operations].flatMap(([known, one]) => (one instanceof Operation ? [known] : []));
    throw new Error(`There is no operation "${name}" with steps. There are: ${names.join(', ') || 'none'}.`);
  }

  /**
   * Returns a metric of this deployment. docs/reference/metrics.md lists all metrics. The default statistic is the one in its table.
   * @throws Error for an unknown metric or operation, and for a metric that exists only for the whole deployment
   * @example
   * ```ts
   * const failed = ops.metric('JobsFailed', { operation: 'thumbnail', period: Duration.hours(1) });
   * new Alarm(stack, 'ThumbnailsFail', { metric: failed, threshold: 10, evaluationPeriods: 1 });
   * ```
   */
  metric(name: MetricName, options: ServiceMetricOptions = {}): Metric {
    return metricOf(deploymentName(this), [...this.#operations.keys()], name, options);
  }

  /**
   * Allows a function to start, read and cancel the jobs of any owner, with `jobClient` of `mcp-async-operations/jobs`. Adds
   * the permissions and the environment variables.
   * @example
   * ```ts
   * ops.grantStart(nightlyFunction);
   * ```
   */
  grantStart(fn: LambdaFunction): void {
    this.#jobs.grantSubmit(fn);
    this.#executionQueue.grantQueue(fn);
    this.#names.grantRun(fn);
    for (const construct of this.#operations.values()) construct.grantRun(fn);
  }

  /** Allows a function to read the jobs of any owner and their files. Adds the permissions and the environment variables. */
  grantRead(fn: LambdaFunction): void {
    this.#jobs.grantRead(fn);
    this.#workspace.grantPresignDownload(fn);
  }

  #output(id: string, value: string, description?: string): void {
    new CfnOutput(this, id, { value, description });
  }
}

/** @throws Error for options of an operation that is not in the catalogue */
function checkNames({ operations }: Catalogue, functions: Readonly<Record<string, unknown>>): void {
  const names = operations.map(({ name }) => name);
  const unknown = Object.keys(functions).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  throw new Error(
    `functions contains the operation "${unknown}", which the catalogue does not have. Use one of: ${names.join(', ')}.`,
  );
}
