/** Starts the local cloud: runs the resources of a synthesized template on loopback. */
import { join } from 'node:path';
import { type UserOf, userOfKey } from './apigateway/user-of.ts';
import type { CloudWatch } from './cloudwatch/cloudwatch.ts';
import { measureFunctions } from './cloudwatch/function-metrics.ts';
import { monitor } from './cloudwatch/monitor.ts';
import {
  recordExecution,
  recordIteratorAge,
  recordThrottledCall,
  recordThrottledTable,
  recordTopicDelivery,
} from './cloudwatch/service-metrics.ts';
import { checkClientMetadata } from './cognito/check-client-metadata.ts';
import { StreamLog } from './dynamodb/stream-log.ts';
import type { StreamRecord } from './dynamodb/stream-record.ts';
import { tableFault } from './dynamodb/table-faults.ts';
import type { TableProperties } from './dynamodb/table-request.ts';
import { createTableStreams } from './dynamodb/table-stream.ts';
import { createTables, startTableServer } from './dynamodb/tables.ts';
import { createEnvironment, type Environment } from './environment.ts';
import type { AwsEvent } from './eventbridge/event-rules.ts';
import { type CreatedObject, createObjectEvents } from './eventbridge/object-events.ts';
import { Faults } from './faults.ts';
import { Iam } from './iam/iam.ts';
import { secretCall, stateMachineCall } from './iam/json-calls.ts';
import type { RolePermissions } from './iam/usage.ts';
import { DeployedFunctions } from './lambda/function-resources.ts';
import { lambdaApiHandler } from './lambda/lambda-api.ts';
import { startEventSourceMappings } from './lambda/mappings/event-source-mappings.ts';
import { removeLeftScratches } from './lambda/scratch.ts';
import { VersionNumbers } from './lambda/version-numbers.ts';
import { Routing } from './routing.ts';
import { secretActions } from './secretsmanager/secrets.ts';
import { awsJsonHandler } from './shared/aws-json.ts';
import { lockDirectory, type OnFailure } from './shared/data-files.ts';
import { type Handler, listenOnLoopback } from './shared/loopback-server.ts';
import { ApiQuotas } from './stepfunctions/api-quotas.ts';
import { createExecutionStore } from './stepfunctions/execution-store.ts';
import { Executions, statusChange } from './stepfunctions/executions.ts';
import type { LocalConnections } from './stepfunctions/http-task.ts';
import { createStateMachines } from './stepfunctions/state-machine-resources.ts';
import { stepFunctionsActions } from './stepfunctions/step-functions.ts';
import { createTaskRunner } from './stepfunctions/task-runner.ts';
import { TaskTokens } from './stepfunctions/task-tokens.ts';
import { createStorageResources, startStorageServer } from './storage/storage.ts';
import { type Assembly, type IsStack, readAssembly } from './template/assembly.ts';
import { checkUpdate } from './template/check-update.ts';
import { createResolver, type Resolve } from './template/intrinsics.ts';
import { findNotRun, type NotRunResource } from './template/not-run.ts';
import { resourcesOf } from './template/stack-resources.ts';

export interface LocalCloudOptions {
  /** Directory of a synthesized assembly: `manifest.json`, the stack template and its asset manifest. */
  readonly assemblyDirectory: string;
  /** Directory for tables, objects and executions. @default in memory: nothing outlives the process */
  readonly dataDirectory?: string;
  /** Port of the API on 127.0.0.1; 0 chooses a free port. @default 0 */
  readonly port?: number;
  /** Receives each line that a function logs. @default lines are dropped */
  readonly onLog?: (functionName: string, line: string) => void;
  /** Allows webhooks to http URLs on loopback, for development only. @default false */
  readonly allowLoopbackWebhooks?: boolean;
  /** EventBridge connections that HTTP tasks may use, by ARN. Templates do not contain their credentials. @default none */
  readonly connections?: LocalConnections;
  /**
   * Receives the resources that the local cloud does not run; the others start. A function whose environment refers to one
   * fails at each invocation with an error that names it. @default such a resource is an error
   */
  readonly onNotRun?: (resources: readonly NotRunResource[]) => void;
  /** Values for attributes of resources that are not run: `{ 'Database.Endpoint.Address': 'localhost' }`. @default none */
  readonly standIns?: Readonly<Record<string, string>>;
  /**
   * Names the IAM user that sends a request, by the access key id that signed it.
   * @default the access key id; `development` for an unsigned request
   */
  readonly userOf?: UserOf;
  /** Chooses the stack to run when the app has several. @default several are an error */
  readonly isStack?: IsStack;
  /** Called with each change of a table that has a stream, before any function reads it. @default not called */
  readonly onTableChange?: (record: StreamRecord) => void;
  /** Called for each call that costs money on AWS. @default not called */
  readonly onAwsCall?: OnAwsCall;
  /** Called at the end of each invocation with the milliseconds that Lambda would bill. @default not called */
  readonly onBilled?: (functionName: string, ms: number) => void;
  /**
   * Measures AWS's services, and evaluates the alarms of the template. The minutes of schedules then end with those of CloudWatch.
   * @default nothing is measured
   */
  readonly cloudWatch?: CloudWatch;
  /**
   * Called once when the cloud cannot continue, such as with a full disk. The error names the file and the remedy. End the process:
   * the next start continues its jobs. @default throws the error as an uncaught exception
   */
  readonly onFailure?: (error: Error) => void;
}

/**
 * Receives a call that AWS would charge for.
 * @param action name of the IAM action: `dynamodb`, `GetItem`. For `s3` it is the HTTP method. A state transition is
 * `states`, `StateEntered`, also for each retry. Polls of queues for functions count as on AWS: `sqs`, `ReceiveMessage`.
 */
export type OnAwsCall = (service: AwsService, action: string) => void;
type AwsService = 'dynamodb' | 'lambda' | 's3' | 'secretsmanager' | 'sns' | 'sqs' | 'states';

/** A running local cloud. */
export interface LocalCloud {
  /** URL of the API Gateway: `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** The stack's outputs, with the local URL of the REST API. */
  readonly outputs: Readonly<Record<string, string>>;
  /** `AWS_ENDPOINT_URL_*`, region and administrator credentials: environment variables for any AWS SDK client. */
  readonly environment: Readonly<Record<string, string>>;
  /**
   * Crashes the instances of functions, in the middle of their work.
   * @param functionName prefix of the function names
   * @returns the number of crashed instances
   */
  interrupt(functionName: string): number;
  /**
   * Fails every task that waits for a heartbeat, as if its `HeartbeatSeconds` had passed.
   * @returns the number of tasks
   */
  expireHeartbeats(): number;
  /**
   * Throttles calls of a Step Functions action, as if the account had used up its quota.
   * @param action such as `StartExecution`
   * @param isThrottled decides for each call @default every call
   * @returns a function that ends it
   */
  throttle(action: string, isThrottled?: () => boolean): () => void;
  /** Causes other faults of AWS: throttled tables and functions, crashes, lost events. */
  readonly faults: Faults;
  /** Returns the granted, used and unused permissions of each function's and state machine's role. */
  permissions(): readonly RolePermissions[];
  /**
   * Deploys another assembly of the same stack while jobs run, as CloudFormation does. It replaces functions, state machines, rules,
   * policies and routes. Published versions of functions remain, and running executions keep their definition.
   * @param assemblyDirectory another directory than before: published versions run from the earlier one
   * @throws Error before any change, when the update changes a table, a queue or another resource with data
   */
  update(assemblyDirectory: string): Promise<void>;
  /** Stops everything and frees the ports. */
  close(): Promise<void>;
}

/**
 * Starts the resources of an assembly, for development and tests only. Functions and state machines have exactly the
 * permissions of their roles. Signatures are not verified, and invocations queue where AWS would scale.
 * @throws Error when the template has a resource that the local cloud does not support, the port is in use, another local cloud
 * uses the data directory, or a file there is damaged
 */
export async function startLocalCloud(options: LocalCloudOptions): Promise<LocalCloud> {
  // In start order; closed in reverse.
  const closers: (() => Promise<void> | void)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    return { ...(await start(options, (closer) => closers.push(closer))), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function start(
  options: LocalCloudOptions,
  onClose: (closer: () => Promise<void> | void) => void,
): Promise<Omit<LocalCloud, 'close'>> {
  const { assemblyDirectory, dataDirectory, port, userOf = userOfKey } = options;
  const { allowLoopbackWebhooks = false, connections = {}, onLog = () => {}, onAwsCall = () => {} } = options;
  const assembly = await read(assemblyDirectory, options);
  const { cloudWatch } = options;
  const record = cloudWatch?.record;
  const faults = new Faults();
  const { template } = assembly;
  if (dataDirectory !== undefined) onClose(lockDirectory(dataDirectory));
  await removeLeftScratches();
  const onFailure = reportOnce(options.onFailure);
  const inDataDirectory = (name: string) => dataDirectory && join(dataDirectory, name);

  // Listen first: resources refer to the URLs.
  const apiHandler = Promise.withResolvers<Handler>();
  const api = await listenOnLoopback(apiHandler.promise, { port });
  onClose(api.close);
  const iamReady = Promise.withResolvers<Iam>();
  const tableServer = await startTableServer(
    inDataDirectory('tables'),
    (action) => onAwsCall('dynamodb', action),
    iamReady.promise,
    onFailure,
    (request) => tableFault(faults, request, record && recordThrottledTable.bind(undefined, record)),
  );
  onClose(tableServer.close);
  const objectCreated = Promise.withResolvers<(object: CreatedObject) => void>();
  const storage = await startStorageServer(
    inDataDirectory('storage'),
    onAwsCall,
    (object) => void objectCreated.promise.then((onObject) => onObject(object)),
    iamReady.promise,
    onFailure,
    { faults, onTopicDelivery: record && recordTopicDelivery.bind(undefined, record) },
  );
  onClose(storage.close);
  const stepFunctionsHandler = Promise.withResolvers<Handler>();
  const stepFunctions = await listenOnLoopback(stepFunctionsHandler.promise);
  onClose(stepFunctions.close);
  const secretsHandler = Promise.withResolvers<Handler>();
  const secrets = await listenOnLoopback(secretsHandler.promise);
  onClose(secrets.close);
  const lambdaHandler = Promise.withResolvers<Handler>();
  const lambda = await listenOnLoopback(lambdaHandler.promise);
  onClose(lambda.close);
  const environment: Environment = createEnvironment({
    DYNAMODB: tableServer.url,
    S3: storage.url,
    SQS: storage.url,
    SNS: storage.url,
    SFN: stepFunctions.url,
    SECRETS_MANAGER: secrets.url,
    LAMBDA: lambda.url,
  });
  const addresses = { api: api.url, sqs: storage.url };
  const versions = new VersionNumbers();
  const resolverOf = (of: Assembly) =>
    createResolver({ ...of, addresses, versions, standIns: options.standIns });
  const resolve = resolverOf(assembly);
  const iam = new Iam(template, resolve);
  iamReady.resolve(iam);

  const tables = resourcesOf<TableProperties>(template, resolve, TABLE_TYPES, TABLE_PROPERTIES);
  const streams = createTableStreams(tables, (name) =>
    dataDirectory ? new StreamLog(join(dataDirectory, 'streams'), name, onFailure) : undefined,
  );
  const { onTableChange } = options;
  if (onTableChange) for (const stream of streams.values()) stream.onRecord(onTableChange);
  await tableServer.captureInto(streams);
  onClose((await createTables(tables, environment)).close);
  await createStorageResources(template, resolve, storage, environment);

  secretsHandler.resolve(
    awsJsonHandler(secretActions(template, resolve, inDataDirectory('secrets.json'), onFailure), {
      onCall: (action) => onAwsCall('secretsmanager', action),
      authorize: (request, action, input) => iam.authorizeRequest(request, () => [secretCall(action, input)]),
    }),
  );

  const awsVariables = environment.variables;
  const deployed = new DeployedFunctions({
    awsVariables,
    iam,
    allowLoopbackWebhooks,
    ...(options.onBilled && { onBilled: options.onBilled }),
    faults,
    onLog(functionName, line) {
      cloudWatch?.readLine(line);
      onLog(functionName, line);
    },
    measure:
      cloudWatch &&
      measureFunctions(cloudWatch.record, (count) => {
        cloudWatch.running = count;
      }),
  });
  onClose(() => deployed.stop());
  deployed.update(assembly, resolve);
  const functions = deployed.byName;
  lambdaHandler.resolve(lambdaApiHandler(functions, iam, (action) => onAwsCall('lambda', action)));
  const mappingParts = {
    streams,
    functions,
    storage,
    environment,
    iam,
    faults,
    onStreamAttempt: cloudWatch && recordIteratorAge.bind(undefined, cloudWatch),
  };
  onClose(startEventSourceMappings(template, resolve, mappingParts).close);
  onClose(() => faults.close());

  const tokens = new TaskTokens();
  const tasksOf = (machineArn: string) =>
    createTaskRunner(machineArn, functions, tokens, connections, (call) =>
      iam.authorize(iam.sessionOf(machineArn), [call]),
    );
  const machinesOf = (of: Assembly, resolve: Resolve) =>
    createStateMachines(of.template, resolve, tasksOf, () => onAwsCall('states', 'StateEntered'));
  const routing = new Routing({ functions, onLog, userOf, faults, cloudWatch });
  onClose(() => routing.close());
  routing.update(template, resolve);
  const emit = (event: AwsEvent) => routing.emit(event);
  const eventOf = createObjectEvents(template, resolve);
  objectCreated.resolve((object) => {
    const event = eventOf(object);
    if (event) void emit(event);
  });
  const store = createExecutionStore(inDataDirectory('executions'), onFailure);
  const executions = new Executions(machinesOf(assembly, resolve), store, (execution) => {
    if (record) recordExecution(record, execution);
    return emit(statusChange(execution));
  });
  onClose(() => executions.close());
  await executions.resume();

  const quotas = new ApiQuotas(undefined, record && recordThrottledCall.bind(undefined, record));
  stepFunctionsHandler.resolve(
    awsJsonHandler(stepFunctionsActions(executions, tokens), {
      onCall: (action) => onAwsCall('states', action),
      authorize: (request, action, input) => {
        quotas.take(action);
        iam.authorizeRequest(request, () => [stateMachineCall(action, input)]);
      },
    }),
  );
  if (cloudWatch) monitor(cloudWatch, template, resolve, storage);
  let current = assembly;
  apiHandler.resolve((request, response) => routing.handle(request, response));
  const outputs = Object.entries(template.Outputs ?? {}).map(
    ([name, { Value }]) => [name, String(resolve(Value))] as const,
  );
  return {
    url: api.url,
    outputs: Object.fromEntries(outputs),
    environment: environment.variables,
    interrupt(functionName) {
      const named = [...functions].filter(([name]) => name.startsWith(functionName));
      return named.reduce((count, [, target]) => count + target.interrupt(), 0);
    },
    expireHeartbeats: () => tokens.expireHeartbeats(),
    throttle: (action, isThrottled) => quotas.throttle(action, isThrottled),
    faults,
    permissions: () => iam.permissions(),
    async update(directory) {
      const next = await read(directory, options);
      checkUpdate(current.template, next.template);
      const resolveNext = resolverOf(next);
      const machines = machinesOf(next, resolveNext);
      iam.update(next.template, resolveNext);
      deployed.update(next, resolveNext);
      routing.update(next.template, resolveNext);
      cloudWatch?.readAlarms(next.template, resolveNext);
      current = next;
      await executions.update(machines);
    },
  };
}

/** One full disk fails many writes. */
function reportOnce(report: OnFailure | undefined): OnFailure {
  let failed = false;
  return (error) => {
    if (failed) return;
    failed = true;
    if (report) report(error);
    else
      setImmediate(() => {
        throw error;
      });
  };
}

/** @throws Error for an assembly without the stack, or with a resource that AWS refuses or that is not run when no option allows it */
async function read(
  directory: string,
  { isStack, onNotRun }: Pick<LocalCloudOptions, 'isStack' | 'onNotRun'>,
): Promise<Assembly> {
  const assembly = await readAssembly(directory, isStack);
  const notRun = findNotRun(assembly.template);
  const [first] = notRun;
  if (first && !onNotRun) {
    throw new Error(
      `The local cloud does not run ${first.type} (${first.logicalId}): pass onNotRun to start the other resources, or add the type under local/.`,
    );
  }
  checkClientMetadata(assembly.template);
  onNotRun?.(notRun);
  return assembly;
}

const TABLE_TYPES = ['AWS::DynamoDB::Table', 'AWS::DynamoDB::GlobalTable'];
const TABLE_PROPERTIES = [
  'KeySchema',
  'AttributeDefinitions',
  'GlobalSecondaryIndexes',
  'TimeToLiveSpecification',
  'StreamSpecification',
] as const;
