/** The local cloud: brings up what the template of a synthesized assembly describes, on loopback. */
import { join } from 'node:path';
import { apiGatewayHandler } from './apigateway/api-gateway.ts';
import { StreamLog } from './dynamodb/stream-log.ts';
import type { TableProperties } from './dynamodb/table-request.ts';
import { createTableStreams } from './dynamodb/table-stream.ts';
import { createTables, startTableServer } from './dynamodb/tables.ts';
import { createEnvironment, type Environment } from './environment.ts';
import { createEventRules } from './eventbridge/event-rules.ts';
import { type CreatedObject, createObjectEvents } from './eventbridge/object-events.ts';
import { startSchedules } from './eventbridge/schedules.ts';
import { guardGateway } from './iam/gateway-guard.ts';
import { Iam } from './iam/iam.ts';
import { createInvokePermissions, createRuleGate } from './iam/invoke-permissions.ts';
import { secretCall, stateMachineCall } from './iam/json-calls.ts';
import type { RolePermissions } from './iam/usage.ts';
import { createFunctions } from './lambda/function-resources.ts';
import { lambdaApiHandler } from './lambda/lambda-api.ts';
import { startEventSourceMappings } from './lambda/mappings/event-source-mappings.ts';
import { secretActions } from './secretsmanager/secrets.ts';
import { awsJsonHandler } from './shared/aws-json.ts';
import { type Handler, listenOnLoopback } from './shared/loopback-server.ts';
import { createExecutionStore } from './stepfunctions/execution-store.ts';
import { Executions, statusChange } from './stepfunctions/executions.ts';
import type { LocalConnections } from './stepfunctions/http-task.ts';
import { createStateMachines } from './stepfunctions/state-machine-resources.ts';
import { stepFunctionsActions } from './stepfunctions/step-functions.ts';
import { createTaskRunner } from './stepfunctions/task-runner.ts';
import { TaskTokens } from './stepfunctions/task-tokens.ts';
import { createStored, startStorageServer } from './storage/storage.ts';
import { type IsStack, readAssembly } from './template/assembly.ts';
import { createResolver } from './template/intrinsics.ts';
import { type NotRunResource, notRunIn } from './template/not-run.ts';
import { resourcesOf } from './template/stack-resources.ts';

export interface LocalCloudOptions {
  /** A synthesized assembly: `manifest.json`, one stack template, its asset manifest. */
  readonly assemblyDirectory: string;
  /** Where tables, objects and executions are kept. @default in memory: nothing outlives the process */
  readonly dataDirectory?: string;
  /** Port of the API on 127.0.0.1; 0 picks a free one. @default 0 */
  readonly port?: number;
  /** Receives each line that a function logs. @default dropped */
  readonly onLog?: (functionName: string, line: string) => void;
  /** Webhooks may call http on this machine's loopback: for development only. @default false */
  readonly allowLoopbackWebhooks?: boolean;
  /** The operator's connections that HTTP tasks may use: no template has them. @default none */
  readonly connections?: LocalConnections;
  /**
   * Receives the resources whose types the local cloud does not run; the others start. A function whose environment needs
   * one of them fails at each invocation with an error that names it. @default such a resource is an error
   */
  readonly onNotRun?: (resources: readonly NotRunResource[]) => void;
  /** Values for attributes of such resources: `{ 'Database.Endpoint.Address': 'localhost' }`. @default none */
  readonly standIns?: Readonly<Record<string, string>>;
  /** Chooses the stack to run when the app has several. @default several are an error */
  readonly isStack?: IsStack;
  /** Told of each call that costs money on AWS. @default nobody */
  readonly onAwsCall?: OnAwsCall;
}

/**
 * @param action as IAM calls it: `dynamodb`, `GetItem`. For `s3` it is the HTTP method. State transitions count as
 * `states`, `StateEntered`; what reads queues for functions counts as on AWS: `sqs`, `ReceiveMessage`.
 */
export type OnAwsCall = (service: AwsService, action: string) => void;
type AwsService = 'dynamodb' | 'lambda' | 's3' | 'secretsmanager' | 'sns' | 'sqs' | 'states';

export interface LocalCloud {
  /** `http://127.0.0.1:PORT`: the API Gateway listens there. */
  readonly url: string;
  /** The stack's outputs. The address of the REST API is the local one. */
  readonly outputs: Readonly<Record<string, string>>;
  /** `AWS_ENDPOINT_URL_*`, region and an administrator's credentials: hand these to any AWS SDK client. */
  readonly environment: Readonly<Record<string, string>>;
  /**
   * Ends at once, in the middle of whatever they do, the instances of the functions whose name begins so.
   * @returns how many there were
   */
  interrupt(functionName: string): number;
  /** What the role of each function and state machine was granted, and which of it was used so far. */
  permissions(): readonly RolePermissions[];
  close(): Promise<void>;
}

/**
 * For development and tests only: functions and state machines may do just what their roles allow, but signatures are
 * not verified, and what AWS scales is queued.
 * @throws Error when the template has a resource that the local cloud does not know, or the port is taken.
 */
export async function startLocalCloud(options: LocalCloudOptions): Promise<LocalCloud> {
  // In the order of starting; closed from the last to the first.
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
  const { assemblyDirectory, dataDirectory, port } = options;
  const { allowLoopbackWebhooks = false, connections = {}, onLog = () => {}, onAwsCall = () => {} } = options;
  const assembly = await readAssembly(assemblyDirectory, options.isStack);
  const { template, stackName } = assembly;
  const notRun = notRunIn(template);
  const [first] = notRun;
  if (first && !options.onNotRun) {
    throw new Error(
      `The local cloud has no ${first.type} (${first.logicalId}): add it under local/, or to the list of types passed over.`,
    );
  }
  options.onNotRun?.(notRun);
  const inDataDirectory = (name: string) => dataDirectory && join(dataDirectory, name);

  // Addresses first: resources refer to them.
  const apiHandler = Promise.withResolvers<Handler>();
  const api = await listenOnLoopback(apiHandler.promise, { port });
  onClose(api.close);
  const iamReady = Promise.withResolvers<Iam>();
  const tableServer = await startTableServer(
    inDataDirectory('tables'),
    (action) => onAwsCall('dynamodb', action),
    iamReady.promise,
  );
  onClose(tableServer.close);
  const objectCreated = Promise.withResolvers<(object: CreatedObject) => void>();
  const storage = await startStorageServer(
    inDataDirectory('storage'),
    onAwsCall,
    (object) => void objectCreated.promise.then((tell) => tell(object)),
    iamReady.promise,
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
  const resolve = createResolver({ template, stackName, addresses, standIns: options.standIns });
  const iam = new Iam(template, resolve);
  iamReady.resolve(iam);
  const mayInvoke = createInvokePermissions(template, resolve);

  const tables = resourcesOf<TableProperties>(template, resolve, TABLE_TYPES, TABLE_PROPERTIES);
  const streams = createTableStreams(tables, (name) =>
    dataDirectory ? new StreamLog(join(dataDirectory, 'streams'), name) : undefined,
  );
  await tableServer.captureInto(streams);
  onClose((await createTables(tables, environment)).close);
  await createStored(template, resolve, storage, environment);

  secretsHandler.resolve(
    awsJsonHandler(secretActions(template, resolve, inDataDirectory('secrets.json')), {
      onCall: (action) => onAwsCall('secretsmanager', action),
      authorize: (request, action, input) => iam.authorizeRequest(request, () => [secretCall(action, input)]),
    }),
  );

  const awsVariables = environment.variables;
  const functions = createFunctions(assembly, resolve, { awsVariables, iam, allowLoopbackWebhooks, onLog });
  onClose(async () => void (await Promise.all([...functions.values()].map((target) => target.stop()))));
  lambdaHandler.resolve(lambdaApiHandler(functions, iam, (action) => onAwsCall('lambda', action)));
  const mappingParts = { streams, functions, storage, environment, iam };
  onClose(startEventSourceMappings(template, resolve, mappingParts).close);

  const tokens = new TaskTokens();
  const tasksOf = (machineArn: string) =>
    createTaskRunner(machineArn, functions, tokens, connections, (call) =>
      iam.authorize(iam.sessionOf(machineArn), [call]),
    );
  const machines = createStateMachines(template, resolve, tasksOf, () => onAwsCall('states', 'StateEntered'));
  const gate = createRuleGate(mayInvoke, onLog);
  onClose(startSchedules(template, resolve, functions, gate).close);
  const emit = createEventRules(template, resolve, functions, gate);
  const eventOf = createObjectEvents(template, resolve);
  objectCreated.resolve((object) => {
    const event = eventOf(object);
    if (event) void emit(event);
  });
  const store = createExecutionStore(inDataDirectory('executions'));
  const executions = new Executions(machines, store, (record) => emit(statusChange(record)));
  onClose(() => executions.close());
  await executions.resume();

  stepFunctionsHandler.resolve(
    awsJsonHandler(stepFunctionsActions(executions, tokens), {
      onCall: (action) => onAwsCall('states', action),
      authorize: (request, action, input) =>
        iam.authorizeRequest(request, () => [stateMachineCall(action, input)]),
    }),
  );
  const gateway = apiGatewayHandler(template.Resources, resolve, functions);
  apiHandler.resolve(guardGateway(template, resolve, mayInvoke, gateway));
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
    permissions: () => iam.permissions(),
  };
}

const TABLE_TYPES = ['AWS::DynamoDB::Table', 'AWS::DynamoDB::GlobalTable'];
const TABLE_PROPERTIES = [
  'KeySchema',
  'AttributeDefinitions',
  'GlobalSecondaryIndexes',
  'TimeToLiveSpecification',
  'StreamSpecification',
] as const;
