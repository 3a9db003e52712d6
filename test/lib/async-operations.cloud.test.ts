/** Checks the construct in the stack of an app: its parts, its retained resources and the options of its functions. */
import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import {
  Architecture,
  Code,
  Function as LambdaFunction,
  LayerVersion,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import type { StepsOperation } from '../../lambdas/definition/operation-definition.ts';
import { AsyncOperations, type AsyncOperationsProps } from '../../lib/async-operations.ts';
import { AsyncOperationsStack } from '../../lib/async-operations-stack.ts';
import type { Catalogue } from '../../lib/catalogue.ts';
import { readReservedConcurrency } from '../../lib/defaults/reserved-concurrency.ts';
import { readKmsKeys } from '../../lib/operations/kms-keys.ts';
import { samples, twoSamples } from '../support/sample-catalogue.ts';

/** Synthesizes without the bundles of functions. */
const app = () => new App({ context: { 'aws:cdk:bundling-stacks': [] } });

function create(props: Partial<AsyncOperationsProps> = {}, stack = new Stack(app(), 'Own')) {
  const ops = new AsyncOperations(stack, 'Ops', {
    operations: twoSamples,
    authorization: { mode: 'iam' },
    ...props,
  });
  return { stack, ops, template: () => Template.fromStack(stack) };
}

/** Returns the types of the resources that outlive the stack, by logical id. */
function retained(template: Template): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(template.toJSON().Resources as Record<string, { Type: string; DeletionPolicy?: string }>)
      // A version has a new id whenever its function changes.
      .filter(
        ([, { Type, DeletionPolicy }]) =>
          DeletionPolicy?.startsWith('Retain') && Type !== 'AWS::Lambda::Version',
      )
      .map(([id, { Type }]) => [id, Type]),
  );
}

/** CloudFormation creates a new resource for a new id: a deployed stack would lose its jobs. */
test('the retained resources of AsyncOperationsStack keep their logical ids', () => {
  const props = { operations: samples, authorization: { mode: 'iam' }, apiLogs: 'new-role' } as const;
  expect(retained(Template.fromStack(new AsyncOperationsStack(app(), 'Any', props)))).toEqual({
    JobsTable10C8EDF6: 'AWS::DynamoDB::GlobalTable',
    WorkspaceBucket1A82A213: 'AWS::S3::Bucket',
    GatewayApiCloudWatchRoleF53BFE7C: 'AWS::IAM::Role',
    GatewayApiAccountCFAE5B8A: 'AWS::ApiGateway::Account',
    WebhooksTablesEndpoints473EB730: 'AWS::DynamoDB::GlobalTable',
    WebhooksSealingSecretA4D61098: 'AWS::SecretsManager::Secret',
  });
});

describe('under another id', () => {
  test('the construct retains the same resources under its id', () => {
    const { template } = create();
    expect(Object.entries(retained(template()))).toEqual([
      [expect.stringMatching(/^OpsJobsTable/), 'AWS::DynamoDB::GlobalTable'],
      [expect.stringMatching(/^OpsWorkspaceBucket/), 'AWS::S3::Bucket'],
      [expect.stringMatching(/^OpsWebhooksTablesEndpoints/), 'AWS::DynamoDB::GlobalTable'],
      [expect.stringMatching(/^OpsWebhooksSealingSecret/), 'AWS::SecretsManager::Secret'],
    ]);
  });

  test('its parts can be used by the rest of the stack', () => {
    const { stack, ops, template } = create();
    const parts = {
      table: ops.jobsTable.tableName,
      topic: ops.eventsTopic.topicArn,
      bucket: ops.workspaceBucket.bucketName,
      endpoint: ops.endpointUrl,
      api: ops.api.restApiId,
      function: ops.operation('deploy').function.functionArn,
      machine: ops.operation('deploy').stateMachine?.stateMachineArn ?? '',
    };
    for (const [name, stringValue] of Object.entries(parts)) {
      new StringParameter(stack, name, { stringValue });
    }
    ops.api.root.addResource('health').addMethod('GET');
    const values = template().findResources('AWS::SSM::Parameter');
    expect(Object.keys(values)).toHaveLength(Object.keys(parts).length);
    expect(JSON.stringify(values)).toContain('/mcp');
    template().hasResourceProperties('AWS::ApiGateway::Resource', { PathPart: 'health' });
  });

  test('two constructs in one stack do not share resources', () => {
    const { stack, template } = create();
    new AsyncOperations(stack, 'More', { operations: samples, authorization: { mode: 'iam' } });
    expect(Object.keys(retained(template()))).toHaveLength(8);
    const groups = Object.values(template().findResources('AWS::Logs::LogGroup'));
    const names = groups.flatMap(({ Properties }) => Properties.LogGroupName ?? []);
    expect(names).toContain('/aws/vendedlogs/states/Own-More');
    expect(new Set(names).size).toBe(names.length);
    const apis = Object.values(template().findResources('AWS::ApiGateway::RestApi'));
    expect(apis.map(({ Properties }) => Properties.Name)).toEqual(['Own-Ops', 'Own-More']);
  });

  test('its resources have a tag of the deployment, and those of an operation its name', () => {
    const { stack, template } = create();
    const tagsOf = (type: string, id: string) =>
      Object.entries(template().findResources(type)).find(([each]) => each.startsWith(id))?.[1].Properties
        .Tags;
    const deployment = { Key: 'mcp-async-operations', Value: 'Own-Ops' };
    const operation = { Key: 'mcp-async-operations:operation', Value: 'deploy' };
    expect(tagsOf('AWS::ApiGateway::RestApi', 'OpsGateway')).toEqual([deployment]);
    expect(tagsOf('AWS::Lambda::Function', 'Opsdeploy')).toEqual([deployment, operation]);
    expect(tagsOf('AWS::StepFunctions::StateMachine', 'Opsdeploy')).toEqual([deployment, operation]);
    expect(stack.tags.hasTags()).toBe(false);
  });

  test.each([
    ['by default, API Gateway writes no logs', undefined, 0, 0],
    ["with existing-role, API Gateway writes logs with the account's role", 'existing-role', 1, 0],
    ["with new-role, the stack replaces the account's role", 'new-role', 1, 1],
  ] as const)('%s', (_what, apiLogs, logs, roles) => {
    const { template } = create({ apiLogs });
    template().resourceCountIs('AWS::ApiGateway::Account', roles);
    template().resourcePropertiesCountIs(
      'AWS::ApiGateway::Stage',
      {
        AccessLogSetting: { Format: Match.stringLikeRegexp('"error":"\\$context.error.responseType"') },
        MethodSettings: Match.arrayWith([Match.objectLike({ LoggingLevel: 'ERROR' })]),
      },
      logs,
    );
    expect(JSON.stringify(template().findResources('AWS::ApiGateway::Stage'))).toEqual(
      logs === 1 ? expect.stringContaining('LoggingLevel') : expect.not.stringContaining('Log'),
    );
  });

  test.each([
    [
      'grantStart',
      ['JOB_LIMITS', 'JOBS_TABLE_NAME', 'EXECUTION_QUEUE_URL', 'STATE_MACHINE_ARN_PREFIX'],
      'states:StartExecution',
      true,
    ],
    ['grantRead', ['JOBS_TABLE_NAME', 'WORKSPACE_BUCKET_NAME'], 's3:GetObject', false],
  ] as const)('%s gives permissions and variables together', (grant, variables, action, writes) => {
    const { stack, ops, template } = create();
    const code = Code.fromInline('exports.handler = async () => ({});');
    const runtime = Runtime.NODEJS_24_X;
    const mine = new LambdaFunction(stack, 'Mine', { code, runtime, handler: 'index.handler' });
    ops[grant](mine);
    const [properties] = Object.entries(template().findResources('AWS::Lambda::Function'))
      .filter(([id]) => id.startsWith('Mine'))
      .map(([, { Properties }]) => Properties);
    expect(Object.keys(properties.Environment.Variables)).toEqual(expect.arrayContaining([...variables]));
    const policy = JSON.stringify(
      Object.entries(template().findResources('AWS::IAM::Policy')).filter(([id]) => id.startsWith('Mine')),
    );
    expect(policy).toContain(action);
    expect(policy.includes('dynamodb:PutItem')).toBe(writes);
    expect(policy).not.toContain('"*"');
  });

  test('an unknown operation is an error with the known operations', () => {
    const { ops } = create({ operations: samples });
    expect(() => ops.operation('thumbnail')).toThrow(/"thumbnail".*\bbuild\b.*\bupload\b/);
    expect(() => ops.operation('constructor')).toThrow(/"constructor"/);
  });
});

test('the function that takes reports may invoke the runners of sandboxed operations alone', () => {
  const policies = Object.entries(create().template().findResources('AWS::IAM::Role'))
    .filter(([id]) => id.startsWith('OpsReportsRole'))
    .map(([, { Properties }]) => JSON.stringify(Properties.Policies));
  const functions = policies.join().match(/:function:[^"]+/g);
  expect(functions).toEqual([expect.stringMatching(/^:function:Own-Op-[0-9a-f]{8}-build:\*$/)]);
});

describe('reserved concurrency', () => {
  /** Returns what the stack reserves, by logical id of the function without its hash. */
  function reserved(props: Partial<AsyncOperationsProps>): Readonly<Record<string, number>> {
    const functions = Object.entries(create(props).template().findResources('AWS::Lambda::Function'));
    return Object.fromEntries(
      functions.flatMap(([id, { Properties }]) =>
        Properties.ReservedConcurrentExecutions === undefined
          ? []
          : [[id.slice('Ops'.length, -8), Properties.ReservedConcurrentExecutions]],
      ),
    );
  }

  test('is none by default: an account with ten concurrent executions accepts no reservation', () => {
    const { template } = create({ authorization: { mode: 'cognito' } });
    expect(JSON.stringify(template())).not.toMatch(/(Reserved|Provisioned)Concurren/);
  });

  test('keeps jobs moving and limits what callers can fill, within the quota of an account', () => {
    const functions = reserved({ authorization: { mode: 'cognito' }, reservedConcurrency: {} });
    expect(functions).toEqual({
      GatewayAuthorizationFunction: 20,
      FailureRecorderFunction: 10,
      UploadsFunction: 10,
      ResumerFunction: 10,
      EventsFunction: 10,
      ManagementFunction: 50,
      McpFunction: 300,
      ReportsFunction: 50,
      buildSandbox: 100,
    });
    // Lambda keeps 100 of an account's 1,000 for functions without a reservation.
    expect(Object.values(functions).reduce((sum, count) => sum + count)).toBeLessThanOrEqual(900);
  });

  test('takes numbers, and options of operations stay', () => {
    const functions = { deploy: { reservedConcurrency: 3 } };
    const { McpFunction, deployFunction } = reserved({ functions, reservedConcurrency: { mcp: 7 } });
    expect([McpFunction, deployFunction]).toEqual([7, 3]);
  });

  test.each([0, -1, 1.5, Number.NaN])('of %d is refused', (mcp) => {
    expect(() => create({ reservedConcurrency: { mcp } })).toThrow(
      `reservedConcurrency.mcp is ${mcp}: give a whole number of at least 1.`,
    );
  });

  test('is turned on by the context', () => {
    const read = (reservedConcurrency?: unknown) =>
      readReservedConcurrency(new App({ context: { reservedConcurrency } }).node);
    expect([read(), read('false'), read(false), read('true'), read(true)]).toEqual([
      undefined,
      undefined,
      undefined,
      {},
      {},
    ]);
    expect(() => read('300')).toThrow('reservedConcurrency is "300": give true or false.');
  });
});

test.each([
  ['no progress by default', undefined, Match.absent()],
  ['progress by the option', true, 'true'],
] as const)('the topic receives %s', (_what, progressToTopic, value) => {
  create({ progressToTopic })
    .template()
    .hasResourceProperties('AWS::Lambda::Function', {
      Environment: {
        Variables: Match.objectLike({ EVENTS_TOPIC_ARN: Match.anyValue(), PROGRESS_TO_TOPIC: value }),
      },
    });
});

test('an owner gets a fifth of the concurrency of webhooks, and Lambda allows retries of any number', () => {
  const deliver = (maxConcurrency?: number) => {
    const functions = Object.entries(
      create({ webhooks: { maxConcurrency } }).template().findResources('AWS::Lambda::Function'),
    );
    const [, { Properties } = { Properties: undefined }] =
      functions.find(([id]) => id.startsWith('OpsWebhooksDeliver')) ?? [];
    return Properties;
  };
  expect(deliver()).toMatchObject({
    RecursiveLoop: 'Allow',
    Environment: { Variables: { DELIVERY_SLOTS: '4' } },
  });
  expect(deliver(2).Environment.Variables.DELIVERY_SLOTS).toBe('1');
  expect(deliver(1_000).Environment.Variables.DELIVERY_SLOTS).toBe('200');
});

/** The samples, with memory of its own for some steps of one operation. */
function withMemory(name: string, memoryMb: Readonly<Record<string, number>>): Catalogue {
  const operations = samples.operations.map((operation) => {
    if (operation.name !== name || !('steps' in operation)) return operation;
    const steps = Object.entries(operation.steps).map(([step, options]) => [
      step,
      { ...options, ...(memoryMb[step] !== undefined && { memoryMb: memoryMb[step] }) },
    ]);
    return { ...operation, steps: Object.fromEntries(steps) };
  });
  return { ...samples, operations };
}

describe('the memory of a step in its definition', () => {
  /** Functions of an operation: memory by logical id without its hash. */
  const memoryOf = (template: Template, operation: string) =>
    Object.fromEntries(
      Object.entries(template.findResources('AWS::Lambda::Function'))
        .filter(([id]) => id.startsWith(`Ops${operation}`))
        .map(([id, { Properties }]) => [id.slice(`Ops${operation}`.length, -8), Properties.MemorySize]),
    );

  test('gives a sandbox one function for each memory, with one role, and the runner their versions', () => {
    const operations = withMemory('build', { install: 1_769, compile: 3_008, package: 1_769 });
    const template = create({ operations }).template();
    expect(memoryOf(template, 'build')).toEqual({
      Function: 256,
      Sandbox: 2_048,
      Sandbox2: 1_769,
      Sandbox3: 3_008,
    });
    const functions = Object.entries(template.findResources('AWS::Lambda::Function'));
    const sandboxes = functions.filter(([id]) => id.startsWith('OpsbuildSandbox'));
    expect(new Set(sandboxes.map(([, { Properties }]) => JSON.stringify(Properties.Role))).size).toBe(1);
    for (const [, { Properties }] of sandboxes)
      expect(Properties.TenancyConfig).toEqual({ TenantIsolationMode: 'PER_TENANT' });
    const [, runner] = functions.find(([id]) => id.startsWith('OpsbuildFunction')) ?? [];
    const arns = JSON.stringify(runner?.Properties.Environment.Variables.SANDBOX_FUNCTION_ARNS);
    for (const [memoryMb, id] of [
      ['2048', 'OpsbuildSandboxCurrentVersion'],
      ['1769', 'OpsbuildSandbox2CurrentVersion'],
      ['3008', 'OpsbuildSandbox3CurrentVersion'],
    ])
      expect(arns).toMatch(new RegExp(`${memoryMb}[^A-Za-z]+Ref[^A-Za-z]+${id}`));
  });

  test('applies without a sandbox too, unless the app chooses another one', () => {
    const operations = withMemory('deploy', { release: 2_048, smoke: 512 });
    expect(memoryOf(create({ operations }).template(), 'deploy')).toEqual({
      Function: 1_024,
      Function2: 2_048,
      Function3: 512,
    });
    const functions = { deploy: { memoryMb: { release: 512 } } };
    expect(memoryOf(create({ operations, functions }).template(), 'deploy')).toEqual({
      Function: 1_024,
      Function2: 512,
    });
    expect(
      memoryOf(create({ operations, functions: { deploy: { memoryMb: 768 } } }).template(), 'deploy'),
    ).toEqual({ Function: 768 });
  });

  test('leaves no function without steps', () => {
    const operations = withMemory('search', { search: 2_048 });
    const steps = Object.keys(
      (samples.operations.find(({ name }) => name === 'search') as StepsOperation).steps,
    );
    expect(steps).toEqual(['search']);
    expect(memoryOf(create({ operations }).template(), 'search')).toEqual({ Function: 2_048 });
  });
});

describe('the options of an operation', () => {
  /** The functions of `deploy`, by logical id without its hash. */
  function functionsOf(template: Template) {
    return Object.fromEntries(
      Object.entries(template.findResources('AWS::Lambda::Function'))
        .filter(([id]) => id.startsWith('Opsdeploy'))
        .map(([id, { Properties }]) => [id.slice('Opsdeploy'.length, -8), Properties]),
    );
  }

  test('reach the template', () => {
    const stack = new Stack(app(), 'Own');
    const layer = LayerVersion.fromLayerVersionArn(
      stack,
      'Layer',
      'arn:aws:lambda:us-east-1:1:layer:tools:1',
    );
    const { template } = create(
      {
        functions: {
          deploy: {
            vpc: new Vpc(stack, 'Vpc', { maxAzs: 2 }),
            layers: [layer],
            environment: { COLOUR: 'blue' },
            architecture: Architecture.X86_64,
            memoryMb: 1_024,
            reservedConcurrency: 3,
          },
        },
      },
      stack,
    );
    expect(functionsOf(template())).toEqual({
      Function: expect.objectContaining({
        VpcConfig: {
          SubnetIds: [expect.anything(), expect.anything()],
          SecurityGroupIds: [expect.anything()],
        },
        Layers: ['arn:aws:lambda:us-east-1:1:layer:tools:1'],
        Environment: { Variables: expect.objectContaining({ COLOUR: 'blue' }) },
        Architectures: ['x86_64'],
        MemorySize: 1_024,
        ReservedConcurrentExecutions: 3,
      }),
    });
    template().hasResourceProperties('AWS::IAM::Role', {
      ManagedPolicyArns: [
        Match.objectLike({
          'Fn::Join': ['', Match.arrayWith([Match.stringLikeRegexp('AWSLambdaVPCAccessExecutionRole')])],
        }),
      ],
    });
  });

  test('give steps memory of their own in a second function with the same role and environment', () => {
    const { ops, template } = create({ functions: { deploy: { memoryMb: { release: 2_048 } } } });
    // Also what is added later, to either.
    ops.operation('deploy').function.addEnvironment('LATER', 'yes');
    const { Function: main, Function2: large, ...others } = functionsOf(template());
    expect(others).toEqual({});
    expect([main.MemorySize, large.MemorySize]).toEqual([1_024, 2_048]);
    expect(large.Role).toEqual(main.Role);
    expect(large.Environment).toEqual(main.Environment);
    expect(main.Environment.Variables.LATER).toBe('yes');
    const machine = Object.entries(template().findResources('AWS::StepFunctions::StateMachine')).find(
      ([id]) => id.startsWith('Opsdeploy'),
    );
    expect(JSON.stringify(machine)).toContain('OpsdeployFunction2');
  });

  test('change the memory of a step in place, which keeps the published versions', () => {
    const idsFor = (release: number) =>
      Object.keys(functionsOf(create({ functions: { deploy: { memoryMb: { release } } } }).template()));
    expect(idsFor(3_008)).toEqual(idsFor(2_048));
  });

  test.each<[string, AsyncOperationsProps['functions'], RegExp]>([
    ['of an unknown operation', { thumbnail: {} }, /"thumbnail".*\bbuild\b/],
    ['of a property of every object', { toString: {} } as never, /"toString"/],
    ['for a sandbox', { build: { memoryMb: 512 } }, /"build".* sandbox.*functions\.build/],
    ['with memory for an unknown step', { deploy: { memoryMb: { launch: 512 } } }, /"launch".*\brelease\b/],
    ['with too little memory', { deploy: { memoryMb: 127 } }, /functions\.deploy\.memoryMb.* 127.*128/],
    ['with too much memory', { deploy: { memoryMb: 10_241 } }, /functions\.deploy\.memoryMb.* 10241.*10240/],
    ['with half a MiB', { deploy: { memoryMb: 512.5 } }, /functions\.deploy\.memoryMb.* 512\.5/],
    ['with NaN', { deploy: { memoryMb: { release: Number.NaN } } }, /functions\.deploy\.memoryMb.* NaN/],
  ])('%s are refused', (_what, functions, message) => {
    expect(() => create({ functions })).toThrow(message);
  });
});

describe('the account and the region', () => {
  const REGION = 'eu-central-1';
  const api = (region: string, account = '111122223333') => ({
    name: 'crm',
    root: 'https://api.example.com',
    connectionArn: `arn:aws:events:${region}:${account}:connection/crm/11112222-3333-4444-5555-666677778888`,
  });
  const domain = (region: string) => ({
    domainName: 'jobs.example.com',
    certificateArn: `arn:aws:acm:${region}:111122223333:certificate/11112222-3333-4444-5555-666677778888`,
  });
  const deployTo = (region: string, props: Partial<AsyncOperationsProps> = {}) =>
    create(props, new Stack(app(), 'Own', { env: { account: '111122223333', region } }));

  test.each<[string, string, Partial<AsyncOperationsProps>, RegExp]>([
    ['China', 'cn-north-1', {}, /in cn-north-1, .* partition aws-cn: .* partition aws\./],
    ['GovCloud', 'us-gov-west-1', {}, /in us-gov-west-1, .* partition aws-us-gov: /],
    [
      'a region without tenant isolation',
      'ap-southeast-6',
      {},
      /^Operation "build" has a sandbox, .*in ap-southeast-6: /,
    ],
    [
      'a connection in another region',
      REGION,
      { apis: [api('eu-west-1')] },
      /^apis: "crm" has a connection in the region eu-west-1, .*eu-central-1: /,
    ],
    [
      'a connection of another account',
      REGION,
      { apis: [api(REGION, '999922223333')] },
      /^apis: "crm" .* account 999922223333/,
    ],
    [
      'a certificate in another region',
      REGION,
      { domain: domain('us-east-1') },
      /^domain has a certificate in the region us-east-1/,
    ],
  ])('%s is refused at synth', (_what, region, props, message) => {
    expect(() => deployTo(region, props)).toThrow(message);
  });

  test('a region without tenant isolation runs operations without a sandbox', () => {
    const operations = samples.operations.filter(({ name }) => name !== 'build');
    expect(() => deployTo('ap-southeast-6', { operations: { ...samples, operations } })).not.toThrow();
  });

  test('those of the stack, and of a stack that learns them at deploy, are accepted', () => {
    const props = { apis: [api(REGION)], domain: domain(REGION) };
    expect(() => deployTo(REGION, props)).not.toThrow();
    expect(() => create({ apis: [api('eu-west-1')], domain: domain('us-east-1') })).not.toThrow();
  });
});

describe('customer managed KMS keys', () => {
  const key = 'arn:aws:kms:eu-central-1:111122223333:key/11112222-3333-4444-5555-666677778888';
  const connectionArn =
    'arn:aws:events:eu-central-1:111122223333:connection/crm/11112222-3333-4444-5555-666677778888';
  const props = {
    operations: samples,
    tables: ['orders'],
    apis: [{ name: 'crm', root: 'https://api.example.com', connectionArn }],
  };

  /** Returns the statements about keys, by logical id of their policy without its hash. */
  function statements(template: Template) {
    return Object.entries(template.findResources('AWS::IAM::Policy')).flatMap(([id, { Properties }]) =>
      Properties.PolicyDocument.Statement.filter(({ Action }: { Action: string | string[] }) =>
        [Action].flat().some((action) => action.startsWith('kms:')),
      ).map((statement: object) => [id.slice(0, -8), statement]),
    );
  }

  test('may be used for the tables by DynamoDB alone, and for the credentials by Secrets Manager alone', () => {
    const through = (service: string) => ({
      'kms:ViaService': {
        'Fn::Join': ['', [`${service}.`, { Ref: 'AWS::Region' }, '.', { Ref: 'AWS::URLSuffix' }]],
      },
    });
    const found = statements(create({ ...props, kmsKeys: [key] }).template());
    expect(found).toEqual([
      [
        'OpscallapiCalls',
        {
          Action: 'kms:Decrypt',
          Effect: 'Allow',
          Resource: key,
          Condition: {
            StringEquals: through('secretsmanager'),
            StringLike: {
              'kms:EncryptionContext:SecretARN': [
                'arn:aws:secretsmanager:eu-central-1:111122223333:secret:events!connection/crm/*',
              ],
            },
          },
        },
      ],
      [
        'OpsmigrateFunctionRoleDefaultPolicy',
        expect.objectContaining({
          Action: expect.arrayContaining(['kms:Decrypt', 'kms:GenerateDataKey*']),
          Resource: key,
          Condition: { StringEquals: through('dynamodb') },
        }),
      ],
    ]);
  });

  test('are not needed', () => {
    expect(statements(create(props).template())).toEqual([]);
  });

  test.each([
    [
      'an alias',
      'arn:aws:kms:eu-central-1:111122223333:alias/orders',
      /"arn:\S+alias\/orders" is not the ARN of a key/,
    ],
    ['an id', `${key},11112222-3333-4444-5555-666677778888`, /"1111\S+" is not the ARN of a key/],
  ])('%s in the context is refused', (_what, kmsKeys, message) => {
    expect(() => readKmsKeys(new App({ context: { kmsKeys } }).node)).toThrow(message);
    expect(readKmsKeys(new App({ context: { kmsKeys: ` ${key}, ` } }).node)).toEqual([key]);
  });
});
