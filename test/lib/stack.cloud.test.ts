import { readdirSync, readFileSync } from 'node:fs';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { OPEN_RESOURCES, routes } from '../../lambdas/api/routes.ts';
import { longestCallMs } from '../../lambdas/definition/operation-definition.ts';
import { operations } from '../../lambdas/operations/index.ts';
import { assemblies } from '../support/assemblies.ts';
import { rolePolicies } from '../support/role-policies.ts';

function load(directory: string): Template {
  const file = readdirSync(directory).find((name) => name.endsWith('.template.json'));
  return Template.fromJSON(JSON.parse(readFileSync(`${directory}/${file}`, 'utf8')));
}

const longestWaitMs = Math.max(...operations.map(({ execution }) => longestCallMs(execution)));
const app = load(assemblies.app);
const fixtures = load(assemblies.test);

/** Amazon States Language of the machine with this comment; references to other resources are left as they are. */
function statesOf(template: Template, comment: string) {
  for (const { Properties } of Object.values(template.findResources('AWS::StepFunctions::StateMachine'))) {
    const parts = Properties.DefinitionString['Fn::Join'][1] as unknown[];
    const text = parts
      .map((part) =>
        typeof part === 'string' ? part : (part as Record<string, string[]>)['Fn::GetAtt']?.[0],
      )
      .join('');
    const definition = JSON.parse(text);
    if (definition.Comment === comment) return definition;
  }
  throw new Error(`No state machine "${comment}".`);
}

describe('closed by default', () => {
  test('every method of the API needs IAM authorization, but for public documents, answer links, reports of sandboxes and the console', () => {
    const methods = Object.values(app.findResources('AWS::ApiGateway::Method'));
    // Four of the MCP endpoint, one each for the routes of owners, of operators and of sandboxes, and the public routes.
    const publicRoutes = routes.filter((route) => 'isPublic' in route && !('resource' in route));
    expect(methods).toHaveLength(4 + 3 + publicRoutes.length + OPEN_RESOURCES.size);
    const open = methods.filter(({ Properties }) => Properties.AuthorizationType !== 'AWS_IAM');
    const idOf = (PathPart: string) =>
      Object.keys(app.findResources('AWS::ApiGateway::Resource', { Properties: { PathPart } }))[0];
    const token = { Ref: idOf('{token}') };
    const [wellKnown = ''] = Object.keys(
      app.findResources('AWS::ApiGateway::Resource', {
        Properties: { PathPart: '{proxy+}', ParentId: { Ref: idOf('.well-known') } },
      }),
    );
    expect(open.map(({ Properties }) => [Properties.HttpMethod, Properties.ResourceId])).toEqual([
      ['POST', { Ref: idOf('sandbox-reports') }],
      ['ANY', { Ref: idOf('server-card') }],
      ['GET', token],
      ['POST', token],
      ['GET', { Ref: idOf('console') }],
      ['GET', { Ref: idOf('config') }],
      ['GET', { Ref: idOf('{file}') }],
      ['ANY', { Ref: wellKnown }],
    ]);
  });

  test('nothing in the template lets webhooks go to loopback', () => {
    for (const template of [app, fixtures]) {
      expect(JSON.stringify(template.toJSON())).not.toContain('ALLOW_LOOPBACK_WEBHOOKS');
    }
  });

  test.each([
    ['Signing', ['WebhooksDeliver', 'ManagementFunction']],
    ['Sealing', ['WebhooksDeliver', 'McpFunction', 'ManagementFunction']],
  ])('only those who need it may read the text of the %s secret', (part, functions) => {
    const readers = rolePolicies(app).filter(({ statements }) =>
      statements.some(
        ({ Action, Resource }) =>
          [Action].flat().includes('secretsmanager:GetSecretValue') &&
          JSON.stringify(Resource).includes(`Webhooks${part}Secret`),
      ),
    );
    expect(readers.map(({ id }) => id.replace(/Role.*/, ''))).toEqual(functions);
  });

  test('no policy allows every action, and only what has no resource to name is allowed on all', () => {
    for (const { statements } of rolePolicies(app)) {
      for (const { Action, Resource } of statements) {
        const actions = [Action].flat();
        expect(actions).not.toContain('*');
        expect(actions.filter((action) => action.endsWith(':*'))).toEqual([]);
        if (Resource === '*') {
          expect(
            actions.filter((action) => !action.startsWith('xray:') && !action.startsWith('logs:')),
          ).toEqual([]);
        }
      }
    }
  });

  test('the bucket is private, encrypted, and refuses plain HTTP', () => {
    app.hasResourceProperties('AWS::S3::Bucket', {
      BucketEncryption: Match.anyValue(),
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
    });
    app.hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
        ]),
      },
    });
  });
});

describe('what is kept', () => {
  test('the table outlives the stack, is encrypted, can be restored to a point in time, streams and expires', () => {
    app.hasResource('AWS::DynamoDB::GlobalTable', {
      // A deployment that fails at its creation leaves nothing behind.
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        BillingMode: 'PAY_PER_REQUEST',
        SSESpecification: { SSEEnabled: true },
        StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
        TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
        Replicas: [
          Match.objectLike({ PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } }),
        ],
      },
    });
  });

  test('the bucket outlives the stack, and what belongs to a job expires from it', () => {
    app.hasResource('AWS::S3::Bucket', { DeletionPolicy: 'RetainExceptOnCreate' });
    app.hasResourceProperties('AWS::S3::Bucket', {
      LifecycleConfiguration: {
        Rules: Match.arrayWith(
          ['work/', 'uploads/', 'logs/', 'results/'].map((Prefix) =>
            Match.objectLike({ Prefix, Status: 'Enabled' }),
          ),
        ),
      },
    });
  });

  test('every log group has a retention', () => {
    for (const { Properties } of Object.values(app.findResources('AWS::Logs::LogGroup'))) {
      expect(Properties.RetentionInDays).toBe(30);
    }
  });
});

test('every function runs Node.js 24 on arm64, with a log group of its own, and traced unless it is a sandbox', () => {
  const functions = Object.entries(app.findResources('AWS::Lambda::Function'));
  const sandboxes = operations.filter((operation) => 'sandbox' in operation).length;
  // And twelve for all: MCP, management API, operators, reports of sandboxes, events, deliveries, those that wait, failures, answers, files, throttled starts, and what was lost.
  expect(functions).toHaveLength(operations.length + sandboxes + 12);
  const isSandbox = (id: string) => /^\w+Sandbox/.test(id);
  // Handlers and their libraries write debug lines that are not redacted.
  const runsHandler = (description = '') => /^(Sandbox|Runs the steps of .*: )/.test(description);
  expect(functions.filter(([id]) => isSandbox(id))).toHaveLength(sandboxes);
  for (const [id, { Properties }] of functions) {
    expect(Properties).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      LoggingConfig: {
        ApplicationLogLevel: runsHandler(Properties.Description) ? 'INFO' : 'DEBUG',
        LogFormat: 'JSON',
        LogGroup: expect.anything(),
      },
    });
    expect(Properties.TracingConfig).toEqual(isSandbox(id) ? undefined : { Mode: 'Active' });
  }
});

test('the sandbox has no variables, no right but to its own log, and instances for one owner each', () => {
  const [[id, { Properties }] = ['', { Properties: {} }]] = Object.entries(
    app.findResources('AWS::Lambda::Function', {
      Properties: { Description: Match.stringLikeRegexp('^Sandbox') },
    }),
  );
  expect(id).toMatch(/^buildSandbox/);
  expect(Properties.Environment).toBeUndefined();
  expect(Properties.TenancyConfig).toEqual({ TenantIsolationMode: 'PER_TENANT' });
  const [roleId] = Properties.Role['Fn::GetAtt'];
  const role = app.findResources('AWS::IAM::Role')[roleId];
  expect(role?.Properties.ManagedPolicyArns).toBeUndefined();
  expect(app.findResources('AWS::IAM::Policy', { Properties: { Roles: [{ Ref: roleId }] } })).toEqual({});
  const policies: { PolicyDocument: { Statement: object[] } }[] = role?.Properties.Policies;
  expect(policies.map(({ PolicyDocument }) => PolicyDocument.Statement)).toEqual([
    [
      {
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Effect: 'Allow',
        Resource: { 'Fn::GetAtt': [Properties.LoggingConfig.LogGroup.Ref, 'Arn'] },
      },
    ],
  ]);
});

test('the outputs name the endpoint, the API, the topic, the table and the bucket', () => {
  for (const output of ['McpEndpoint', 'ApiUrl', 'EventsTopicArn', 'JobsTableName', 'WorkspaceBucketName'])
    app.hasOutput(output, {});
});

test('the endpoint streams, and lets a caller wait as long as the longest operation allows', () => {
  const [mcp] = Object.keys(
    app.findResources('AWS::ApiGateway::Resource', { Properties: { PathPart: 'mcp' } }),
  );
  app.resourcePropertiesCountIs(
    'AWS::ApiGateway::Method',
    {
      ResourceId: { Ref: mcp },
      Integration: { ResponseTransferMode: 'STREAM', TimeoutInMillis: longestWaitMs + 25_000 },
    },
    4,
  );
});

describe('the state machine of build', () => {
  const definition = statesOf(app, 'Build');

  test('has its four steps in order and nothing else on the good path', () => {
    const path: string[] = [];
    for (let name = definition.StartAt; name; name = definition.States[name].Next) path.push(name);
    expect(path).toEqual(['install', 'compile', 'test', 'package']);
  });

  test.each(['install', 'compile', 'test', 'package'])(
    "tries %s again for Lambda's own troubles, and never for a failed script",
    (step) => {
      const { Retry } = definition.States[step];
      for (const error of ['Lambda.ServiceException', 'Lambda.TooManyRequestsException']) {
        const retrier = Retry.find(({ ErrorEquals }: { ErrorEquals: string[] }) =>
          ErrorEquals.includes(error),
        );
        expect(retrier).toMatchObject({ BackoffRate: 2, JitterStrategy: 'FULL' });
        expect(retrier.MaxAttempts).toBeGreaterThanOrEqual(6);
      }
      expect(Retry.flatMap(({ ErrorEquals }: { ErrorEquals: string[] }) => ErrorEquals)).not.toEqual(
        expect.arrayContaining(['StepEnded']),
      );
      expect(JSON.stringify(Retry)).not.toMatch(/States\.(ALL|TaskFailed|Timeout)/);
    },
  );

  test.each(['install', 'compile', 'test', 'package'])(
    'has a time limit for %s, and a way to record its failure',
    (step) => {
      const state = definition.States[step];
      expect(state.TimeoutSeconds).toBeGreaterThan(0);
      expect(state.Catch.at(-1)).toEqual({
        ErrorEquals: ['States.ALL'],
        ResultPath: '$.caught',
        Next: 'record_failure',
      });
    },
  );

  test('has a time limit for the whole, beyond that of all steps together', () => {
    // Each step, its two retries, and the one after a crash.
    const steps = ['install', 'compile', 'test', 'package'].map(
      (step) => 4 * definition.States[step].TimeoutSeconds,
    );
    expect(definition.TimeoutSeconds).toBeGreaterThan(steps.reduce((sum, seconds) => sum + seconds));
  });

  test('ends as failed once the failure is recorded', () => {
    expect(definition.States.record_failure.Next).toBe('failed');
    expect(definition.States.failed.Type).toBe('Fail');
  });
});

describe('the state machine of call_api', () => {
  const { States } = statesOf(app, 'Call API');

  test('calls each API by its own credentials and below its own root, and tries no call again', () => {
    for (const [connection, root] of [
      ['crm', 'https://crm.example.com/v2'],
      ['ghost', 'https://ghost.example.com'],
    ]) {
      for (const name of [`request_${connection}`, `request_${connection}_body`]) {
        const { Resource, Parameters, Retry, Catch, Next } = States[name];
        expect(Resource).toBe('arn:aws:states:::http:invoke');
        expect(Parameters['ApiEndpoint.$']).toBe(
          `States.Format('${root}{}', $.finished.request.next.request.path)`,
        );
        expect(Parameters.Authentication.ConnectionArn).toContain(`:connection/${connection}/`);
        expect('RequestBody.$' in Parameters).toBe(name.endsWith('_body'));
        expect(Retry).toBeUndefined();
        expect([Catch[0].Next, Next]).toEqual(['request', 'request']);
      }
    }
  });

  test('may call what is below the roots, and nothing else', () => {
    const [policy] = Object.values(
      app.findResources('AWS::IAM::Policy', {
        Properties: { PolicyName: Match.stringLikeRegexp('^callapiCalls') },
      }),
    );
    const [machine] = Object.keys(app.findResources('AWS::StepFunctions::StateMachine')).filter((id) =>
      id.startsWith('callapi'),
    );
    expect(policy?.Properties.PolicyDocument.Statement).toEqual([
      {
        Effect: 'Allow',
        Action: 'states:InvokeHTTPEndpoint',
        Resource: { Ref: machine },
        Condition: {
          StringLike: {
            'states:HTTPEndpoint': ['https://crm.example.com/v2/*', 'https://ghost.example.com/*'],
          },
        },
      },
      {
        Effect: 'Allow',
        Action: 'events:RetrieveConnectionCredentials',
        Resource: [
          expect.stringMatching(/connection\/crm\/1+/),
          expect.stringMatching(/connection\/ghost\/2+/),
        ],
      },
      {
        Effect: 'Allow',
        Action: ['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'],
        Resource: ['crm', 'ghost'].map(
          (name) => `arn:aws:secretsmanager:us-east-1:000000000000:secret:events!connection/${name}/*`,
        ),
      },
    ]);
  });
});

test('every state machine of ours is watched for executions that do not succeed', () => {
  for (const template of [app, fixtures]) {
    // The catalogue for tests has some that are not: they are heard of in whatever they do.
    const machines = Object.entries(template.findResources('AWS::StepFunctions::StateMachine')).filter(
      ([id]) => /StateMachine[0-9A-F]{8}$/.test(id),
    );
    const [prefix, ...others] = new Set(
      machines.map(([, { Properties }]) => Properties.StateMachineName.split('-').slice(0, 2).join('-')),
    );
    expect([prefix, others]).toEqual([expect.stringMatching(/^AsyncO-[0-9a-f]{8}$/), []]);
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        source: ['aws.states'],
        'detail-type': ['Step Functions Execution Status Change'],
        detail: {
          status: ['FAILED', 'TIMED_OUT', 'ABORTED'],
          stateMachineArn: [{ prefix: { 'Fn::Join': ['', Match.arrayWith([`:stateMachine:${prefix}-`])] } }],
        },
      },
    });
  }
});

/** The dead-letter queue of a construct. */
function deadLettersOf(construct: string): string {
  const queues = Object.keys(app.findResources('AWS::SQS::Queue'));
  return queues.find((id) => id.startsWith(`${construct}DeadLetters`)) ?? '';
}

test("the table's stream is read in order, and a poisoned record is set aside", () => {
  app.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
    BisectBatchOnFunctionError: true,
    FunctionResponseTypes: ['ReportBatchItemFailures'],
    // As long as the stream keeps its records.
    MaximumRetryAttempts: 10_000,
    StartingPosition: 'TRIM_HORIZON',
    DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': [deadLettersOf('Events'), 'Arn'] } } },
  });
});

test('what is sent is taken from a queue message by message, and what kills its function is set aside', () => {
  app.hasResourceProperties('AWS::SQS::Queue', {
    RedrivePolicy: {
      deadLetterTargetArn: { 'Fn::GetAtt': [deadLettersOf('Webhooks'), 'Arn'] },
      maxReceiveCount: 10,
    },
  });
  app.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
    EventSourceArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^WebhooksQueue'), 'Arn'] },
    FunctionResponseTypes: ['ReportBatchItemFailures'],
  });
});

test('the reconciler runs every two minutes, without retries, and has no concurrency reserved', () => {
  const [[id, { Properties }] = ['', { Properties: {} }]] = Object.entries(
    app.findResources('AWS::Lambda::Function'),
  ).filter(([each]) => each.startsWith('Reconciler'));
  expect(Properties).not.toHaveProperty('ReservedConcurrentExecutions');
  expect(Properties.Timeout).toBeLessThan(120);
  app.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
    FunctionName: { Ref: id },
    MaximumRetryAttempts: 0,
  });
  app.hasResourceProperties('AWS::Events::Rule', {
    ScheduleExpression: 'rate(2 minutes)',
    Targets: [Match.objectLike({ Arn: { 'Fn::GetAtt': [id, 'Arn'] } })],
  });
});

test('throttled starts are tried for half an hour, six times the timeout apart, then set aside', () => {
  app.hasResourceProperties('AWS::SQS::Queue', {
    RedrivePolicy: {
      deadLetterTargetArn: { 'Fn::GetAtt': [deadLettersOf('ExecutionQueue'), 'Arn'] },
      maxReceiveCount: 10,
    },
    VisibilityTimeout: 180,
  });
  app.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
    EventSourceArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^ExecutionQueue'), 'Arn'] },
    FunctionResponseTypes: ['ReportBatchItemFailures'],
    ScalingConfig: { MaximumConcurrency: 2 },
  });
});

describe('every function that a queue invokes', () => {
  /** The queues, their functions and the template, by mapping. */
  const consumers = [app, fixtures].flatMap((template) => {
    const functions = template.findResources('AWS::Lambda::Function');
    const queues = template.findResources('AWS::SQS::Queue');
    return Object.values(template.findResources('AWS::Lambda::EventSourceMapping')).flatMap(
      ({ Properties: { EventSourceArn, FunctionName } }) => {
        const queueId: string = EventSourceArn['Fn::GetAtt'][0];
        const queue = queues[queueId]?.Properties;
        return queue ? [{ template, queueId, queue, consumer: functions[FunctionName.Ref]?.Properties }] : [];
      },
    );
  });

  test('has its messages hidden for six times its timeout, as AWS recommends', () => {
    expect(consumers).not.toEqual([]);
    for (const { queue, consumer } of consumers) {
      expect(queue.VisibilityTimeout).toBeGreaterThanOrEqual(6 * consumer.Timeout);
    }
  });

  test('may call itself through its queue if it sends there: Lambda would stop a chain of sixteen', () => {
    for (const { template, queueId, consumer } of consumers) {
      // The publisher sends there only what it reads from the stream: a chain of two.
      if (queueId.startsWith('EventsRetries')) continue;
      const role: string = consumer.Role['Fn::GetAtt'][0];
      const policies = template.findResources('AWS::IAM::Policy', { Properties: { Roles: [{ Ref: role }] } });
      const documents = [
        ...Object.values(policies).map(({ Properties }) => Properties.PolicyDocument),
        ...(template.findResources('AWS::IAM::Role')[role]?.Properties.Policies ?? []).map(
          ({ PolicyDocument }: { PolicyDocument: object }) => PolicyDocument,
        ),
      ];
      const sends = documents.some(({ Statement }) =>
        Statement.some(
          ({ Action, Resource }: { Action: string | string[]; Resource: unknown }) =>
            [Action].flat().includes('sqs:SendMessage') && JSON.stringify(Resource).includes(`"${queueId}"`),
        ),
      );
      expect(consumer.RecursiveLoop).toBe(sends ? 'Allow' : undefined);
    }
  });
});

describe('CloudFormation', () => {
  test('no resource names a dependency that it refers to', () => {
    const resources: Record<string, { DependsOn?: string | string[]; Properties?: unknown }> =
      app.toJSON().Resources;
    const redundant = Object.entries(resources).flatMap(([id, { DependsOn = [], Properties }]) => {
      const text = JSON.stringify(Properties);
      return [DependsOn]
        .flat()
        .filter((one) => text.includes(`{"Ref":"${one}"}`) || text.includes(`{"Fn::GetAtt":["${one}",`))
        .map((one) => `${id} depends on ${one}`);
    });
    expect(redundant).toEqual([]);
  });

  test('functions and state machines wait for the policies of their roles', () => {
    interface Resource {
      readonly Type: string;
      readonly DependsOn?: readonly string[];
      readonly Properties: Readonly<Record<string, { 'Fn::GetAtt': readonly string[] }>>;
    }
    const resources = Object.entries(app.toJSON().Resources as Record<string, Resource>);
    const policies = app.findResources('AWS::IAM::Policy');
    for (const [id, { DependsOn = [], Properties = {} }] of resources) {
      const [role] = (Properties.Role ?? Properties.RoleArn)?.['Fn::GetAtt'] ?? [];
      const ofRole = Object.keys(policies).filter((policy) => {
        const text = JSON.stringify(policies[policy]?.Properties);
        // A policy that refers to the resource waits for it.
        return role !== undefined && text.includes(`{"Ref":"${role}"}`) && !text.includes(`"${id}"`);
      });
      expect([id, DependsOn]).toEqual([id, expect.arrayContaining(ofRole)]);
    }
  });

  test('the log groups of state machines have the prefix that needs no resource policy each', () => {
    for (const template of [app, fixtures]) {
      const groups = template.findResources('AWS::Logs::LogGroup');
      const machines = Object.values(template.findResources('AWS::StepFunctions::StateMachine')).filter(
        ({ Properties }) => Properties.LoggingConfiguration,
      );
      const names = machines.map(({ Properties }) => {
        const [{ CloudWatchLogsLogGroup }] = Properties.LoggingConfiguration.Destinations;
        return groups[CloudWatchLogsLogGroup.LogGroupArn['Fn::GetAtt'][0]]?.Properties.LogGroupName;
      });
      expect(names).not.toEqual([]);
      for (const name of names) expect(name).toMatch(/^\/aws\/vendedlogs\/states\/AsyncOperations/);
      expect(new Set(names).size).toBe(1);
    }
  });
});

describe('what API Gateway responds itself', () => {
  const bodies = Object.fromEntries(
    Object.values(app.findResources('AWS::ApiGateway::GatewayResponse')).map(({ Properties }) => [
      Properties.ResponseType,
      // API Gateway puts its message there, in quotes.
      JSON.parse(
        Properties.ResponseTemplates['application/json'].replace(
          '$context.error.messageString',
          '"It says \\"no\\"."',
        ),
      ).error,
    ]),
  );

  test.each([
    ['THROTTLED', { code: 'RESOURCE_EXHAUSTED', retryable: true }],
    ['DEFAULT_5XX', { code: 'INTERNAL_ERROR', retryable: true }],
    ['DEFAULT_4XX', { code: 'REQUEST_REFUSED', retryable: false, message: 'It says "no".' }],
  ])('%s is an error as JSON', (type, error) => {
    expect(bodies[type]).toMatchObject(error);
  });
});

test('an alarm watches every dead-letter queue, and each queue refuses plain HTTP', () => {
  const queues = Object.keys(app.findResources('AWS::SQS::Queue'));
  for (const queue of queues.filter((id) => id.includes('DeadLetters'))) {
    app.hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'ApproximateNumberOfMessagesVisible',
      Dimensions: [{ Name: 'QueueName', Value: { 'Fn::GetAtt': [queue, 'QueueName'] } }],
      Threshold: 1,
    });
  }
  app.resourceCountIs('AWS::SQS::QueuePolicy', queues.length);
});

test('the schedule of a stack is that of its properties, and of Standard Webhooks by default', () => {
  const scheduleOf = (template: Template) =>
    Object.values(template.findResources('AWS::Lambda::Function')).flatMap(
      ({ Properties }) => Properties.Environment?.Variables?.WEBHOOK_RETRY_SECONDS ?? [],
    );
  expect(scheduleOf(app)).toEqual(['5,300,1800,7200,18000,36000,50400,72000,86400']);
  expect(scheduleOf(fixtures)).toEqual(['1,1,1,1,1,2,2,2,2']);
});

test('whoever answers callers may write where files are awaited, and nowhere else in the bucket', () => {
  const statements = rolePolicies(app).flatMap(({ id, statements: ofRole }) =>
    ofRole.map((statement) => ({ id, ...statement })),
  );
  const writing = statements.filter(
    ({ id, Action }) => /^(Mcp|Management)/.test(id) && [Action].flat().includes('s3:PutObject'),
  );
  expect(writing.map(({ id }) => id.replace(/Function.*/, ''))).toEqual(['Mcp', 'Management']);
  for (const { Action, Resource } of writing) {
    expect(Action).toBe('s3:PutObject');
    expect(Resource).toMatchObject({ 'Fn::Join': ['', [{ 'Fn::GetAtt': expect.anything() }, '/uploads/*']] });
  }
});

test('the bucket tells of what is put into it, and one function is told of awaited files alone', () => {
  app.hasResourceProperties('AWS::S3::Bucket', {
    NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
  });
  app.hasResourceProperties('AWS::Events::Rule', {
    EventPattern: {
      source: ['aws.s3'],
      'detail-type': ['Object Created'],
      detail: { bucket: { name: [Match.anyValue()] }, object: { key: [{ prefix: 'uploads/' }] } },
    },
    Targets: [
      Match.objectLike({ Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^UploadsFunction'), 'Arn'] } }),
    ],
  });
});

describe('an operation added to the catalogue', () => {
  test('gets a state machine with its steps', () => {
    expect(Object.keys(statesOf(fixtures, 'Four steps').States)).toEqual(
      expect.arrayContaining(['one', 'two', 'three', 'four']),
    );
  });

  test('waits for answers in a state of its own, which only a question leads to', () => {
    const { States, StartAt } = statesOf(fixtures, 'Ask');
    expect([StartAt, States.confirm.Next]).toEqual(['confirm', 'hurry']);
    expect(States.confirm.Catch[0]).toMatchObject({ ErrorEquals: ['InputRequired'], Next: 'confirm_input' });
    expect(States.confirm_input).toMatchObject({
      Resource: expect.stringContaining(':states:::lambda:invoke.waitForTaskToken'),
      Next: 'confirm',
      TimeoutSeconds: 60,
    });
    const may = rolePolicies(fixtures).filter(({ statements }) =>
      statements.some(({ Action }) => Action === 'states:SendTaskSuccess'),
    );
    expect(may.map(({ id }) => id)).toEqual([
      expect.stringMatching(/^Reports/),
      expect.stringMatching(/^Resumer/),
    ]);
  });

  test('gets a function that may report its progress', () => {
    fixtures.hasResourceProperties('AWS::Lambda::Function', {
      Description: 'Runs the steps of Echo: answer',
      Environment: {
        Variables: { JOBS_TABLE_NAME: Match.anyValue(), WORKSPACE_BUCKET_NAME: Match.anyValue() },
      },
    });
  });

  test('can be started by the endpoint', () => {
    fixtures.hasResourceProperties('AWS::Lambda::Function', {
      Description: Match.stringLikeRegexp('MCP'),
      Environment: {
        Variables: {
          STATE_MACHINE_ARN_PREFIX: Match.anyValue(),
          EXTERNAL_STATE_MACHINES:
            '{"brief":"brief-machine","quote":"price-quote","report":"monthly-report"}',
        },
      },
    });
  });

  test('retries a step as often as its definition says', () => {
    expect(statesOf(fixtures, 'Probe').States.act.Retry).toContainEqual(
      expect.objectContaining({ ErrorEquals: ['RetryableStepError'], MaxAttempts: 2 }),
    );
    expect(JSON.stringify(statesOf(fixtures, 'Probe').States.prepare.Retry)).not.toContain(
      'RetryableStepError',
    );
  });
});

test('the management API reads, answers, retries and cancels jobs, and responds within what the gateway waits', () => {
  const [[roleId = ''] = []] = Object.entries(
    app.findResources('AWS::Lambda::Function', {
      Properties: { Description: Match.stringLikeRegexp('management API') },
    }),
  ).map(([, { Properties }]) => Properties.Role['Fn::GetAtt'] as string[]);
  const [policy] = Object.values(
    app.findResources('AWS::IAM::Policy', { Properties: { Roles: [{ Ref: roleId }] } }),
  );
  const statements: { Action: string | string[]; Resource: unknown }[] =
    policy?.Properties.PolicyDocument.Statement ?? [];
  const onJobs = statements.filter(({ Resource }) => JSON.stringify(Resource).includes('"Jobs'));
  expect(onJobs.flatMap(({ Action }) => Action)).toEqual([
    'dynamodb:BatchGetItem',
    'dynamodb:GetItem',
    'dynamodb:PutItem',
    'dynamodb:UpdateItem',
    'dynamodb:Query',
  ]);
  const actions = statements.flatMap(({ Action }) => Action);
  const onOthers = actions.filter((action) => action.startsWith('states:') || action.startsWith('s3:'));
  expect(onOthers.sort()).toEqual([
    's3:GetObject',
    's3:ListBucket',
    // To sign for: see below.
    's3:PutObject',
    // What the steps of a job returned that is retried.
    'states:GetExecutionHistory',
    'states:StartExecution',
    'states:StopExecution',
  ]);
  app.hasResourceProperties('AWS::ApiGateway::Method', {
    HttpMethod: 'ANY',
    Integration: { TimeoutInMillis: 29_000, ResponseTransferMode: Match.absent() },
  });
});
