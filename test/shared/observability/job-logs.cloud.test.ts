/** Tests that one job id finds the lines of all functions that touch the job, and no line of another owner. */
import { randomUUID } from 'node:crypto';
import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { InvokeWithResponseStreamCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { Client } from '@modelcontextprotocol/client';
import { JobStore } from '../../../lambdas/jobs/job-store.ts';
import { hashOwner } from '../../../lambdas/shared/observability/redact.ts';
import type { LocalCloud } from '../../../local/cloud.ts';
import { readAssembly } from '../../../local/template/assembly.ts';
import { waitFor } from '../../local/fixture/harness.ts';
import { assemblies } from '../../support/assemblies.ts';
import { fieldsOf, listsOf, queries } from '../../support/insights-queries.ts';
import { type ApiCall, apiClient } from '../../support/openapi.ts';
import { type RecordingReceiver, startRecordingReceiver } from '../../support/recording-receiver.ts';
import { sharedCloud } from '../../support/shared-cloud.ts';
import { awsClients, call, connect } from '../../support/test-cloud.ts';

/** Keys of every line. */
const ALWAYS = ['level', 'message', 'timestamp', 'function', 'request_id', 'cold_start'];
/** What CloudWatch charges for a line beyond its bytes. */
const EVENT_BYTES = 26;
const MAX_BYTES_OF_A_JOB = 8_000;
const TWO_MINUTES_MS = 120_000;

const printed: { readonly name: string; readonly text: string }[] = [];
let cloud: LocalCloud;
let client: Client;
let mallory: Client;
let api: ApiCall;
let receiver: RecordingReceiver;
let aws: ReturnType<typeof awsClients>;

beforeAll(async () => {
  cloud = await sharedCloud('test', { onLog: (name, text) => void printed.push({ name, text }) });
  client = await connect(cloud, { owner: 'alice' });
  mallory = await connect(cloud, { owner: 'mallory' });
  api = apiClient(cloud, 'alice');
  receiver = await startRecordingReceiver();
  aws = awsClients(cloud);
});
afterAll(async () => {
  receiver.close();
  for (const each of Object.values(aws)) each.destroy();
  await client.close();
  await mallory.close();
});

interface Line {
  readonly name: string;
  readonly text: string;
  readonly keys: Readonly<Record<string, unknown>>;
}

/** Lambda's runtime reports what a handler throws, also when a state machine catches it. Metrics are documents of their own. */
const isLine = (text: string) => !text.startsWith('Invoke Error ') && !text.startsWith('{"_aws":');

/** A line that is no JSON fails the last test, which shows it. */
function parse(text: string): Line['keys'] {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/** The search: `filter job_id = "…"` over the logs of all functions. */
function linesOf(jobId: string): readonly Line[] {
  return printed
    .filter(({ text }) => isLine(text))
    .map((line) => ({ ...line, keys: parse(line.text) }))
    .filter(({ keys }) => keys.job_id === jobId);
}

const messagesOf = (jobId: string) => linesOf(jobId).map(({ keys }) => keys.message);
/** Names of functions without the parts that their stack adds. */
const functionsOf = (jobId: string) =>
  new Set(
    linesOf(jobId).map(({ name }) =>
      name.replace(/^.*-(?=\w+$)/, '').replace(/(?:Function)?[\dA-F]{8}$/, ''),
    ),
  );
const logged = (jobId: string, message: string) =>
  waitFor(async () => messagesOf(jobId).includes(message) || undefined);

async function start(tool: string, args: object = {}): Promise<string> {
  const { data } = await call(client, tool, { ...args });
  return data.job_id;
}

const end = (job_id: string) => call(client, 'check_job', { job_id, wait_seconds: 20 });

test('a four-step job with a webhook is found in each function, and its lines are few', async () => {
  const jobId = await start('start_four_steps', { callback_url: receiver.url });
  await logged(jobId, 'Webhook delivered');
  await logged(jobId, 'Job completed');
  await waitFor(async () => linesOf(jobId).filter(({ keys }) => keys.event).length >= 4 || undefined);
  const lines = linesOf(jobId);
  expect(functionsOf(jobId)).toEqual(new Set(['Mcp', 'four_steps', 'Events', 'WebhooksDeliver']));
  expect(messagesOf(jobId).sort()).toEqual(
    [
      'Job created',
      'Execution started',
      ...['Step started', 'Step ended', 'Step started', 'Step ended', 'Step started', 'Step ended'],
      ...['Step started', 'Job completed'],
      ...['Event published', 'Event published', 'Event published'],
      'Webhook delivered',
    ].sort(),
  );
  const steps = lines.filter(({ keys }) => keys.message === 'Step started');
  expect(steps.map(({ keys }) => [keys.step, keys.attempt])).toEqual(
    ['one', 'two', 'three', 'four'].map((step) => [step, 1]),
  );
  for (const { keys } of lines) {
    expect(keys).toMatchObject({ level: 'INFO', operation: 'four_steps', owner: lines[0]?.keys.owner });
  }
  // Lines of two functions may arrive in another order.
  const created = lines.find(({ keys }) => keys.message === 'Job created');
  expect(created?.keys.correlation_id).toMatch(/^[\w-]{10,}$/);
  const bytes = lines.reduce((sum, { text }) => sum + Buffer.byteLength(text) + EVENT_BYTES, 0);
  expect(bytes).toBeLessThan(MAX_BYTES_OF_A_JOB);
});

test('a question and its answer are found from the tool to the resumed step, without the answer', async () => {
  const jobId = await start('start_ask', { callback_url: receiver.url, wait_seconds: 20 });
  const approve = { action: 'accept', content: { approve: true, reason: 'hunter2 said so' } };
  const paint = { action: 'accept', content: { colour: 'red' } };
  await call(client, 'answer_job', { job_id: jobId, answers: { approve, paint } });
  await end(jobId);
  await logged(jobId, 'Execution resumed');
  expect(messagesOf(jobId)).toEqual(
    expect.arrayContaining([
      'Job waits for answers',
      'All answers received',
      'Execution resumed',
      'Job completed',
    ]),
  );
  expect([...functionsOf(jobId)]).toEqual(expect.arrayContaining(['Mcp', 'ask', 'Events', 'Resumer']));
  expect(
    linesOf(jobId)
      .map(({ text }) => text)
      .join(),
  ).not.toContain('hunter2');
});

test('a file, a sandbox, an external state machine, a failure, a crash and a cancel are found', async () => {
  const [failed, crashed, cancelled, sandboxed, external, upload] = await Promise.all([
    start('start_probe', { behaviour: 'fail' }),
    start('start_probe', { behaviour: 'crash_always' }),
    start('start_probe', { behaviour: 'wait' }),
    start('start_confined', { behaviour: 'print' }),
    start('start_report'),
    start('start_take', { wait_seconds: 20 }),
  ]);
  await logged(cancelled, 'Step started');
  await api(`POST /jobs/${cancelled}/cancel`);
  const { data } = await call(client, 'check_job', { job_id: upload });
  await fetch(data.input_requests.file.upload.url, { method: 'PUT', body: 'hello' });
  await Promise.all([failed, crashed].map((jobId) => logged(jobId, 'Job failed')));
  await Promise.all([sandboxed, external, upload].map((jobId) => logged(jobId, 'Job completed')));
  await logged(cancelled, 'Step stopped: its job has ended, or a later attempt runs');
  expect(functionsOf(failed)).toEqual(new Set(['Mcp', 'probe', 'Events']));
  expect([...functionsOf(crashed)]).toContain('FailureRecorder');
  expect([...functionsOf(cancelled)]).toContain('Management');
  expect([...functionsOf(sandboxed)]).toContain('confinedSandbox');
  expect([...functionsOf(external)]).toContain('ExecutionRecorder');
  expect([...functionsOf(upload)]).toEqual(expect.arrayContaining(['Uploads', 'Resumer']));
  const failure = linesOf(failed).find(({ keys }) => keys.message === 'Job failed');
  expect(failure?.keys).toMatchObject({ step: 'act', code: 'SCRIPT_FAILED', attempt: 1 });
  const attempts = linesOf(crashed).filter(
    ({ keys }) => keys.message === 'Step started' && keys.step === 'act',
  );
  // A worker thread that exits can lose its last lines. A function on Lambda writes them at once.
  expect(attempts.length).toBeGreaterThan(0);
  expect([1, 2, 3]).toEqual(expect.arrayContaining(attempts.map(({ keys }) => keys.attempt)));
});

test('a start that was throttled, and one that the sweep made, are found', async () => {
  const endThrottling = cloud.throttle('StartExecution');
  const queued = await start('start_echo', { text: 'queued' });
  endThrottling();
  const { TableNames = [] } = await aws.dynamodb.send(new ListTablesCommand());
  const lost = randomUUID();
  await new JobStore({
    client: aws.dynamodb,
    tableName: TableNames.find((name) => name.startsWith('Jobs')) ?? '',
    now: () => Date.now() - TWO_MINUTES_MS,
  }).create({
    jobId: lost,
    owner: 'lost',
    operation: 'echo',
    input: { text: 'late' },
    inputHash: '',
    retentionSeconds: 600,
    longestRunMs: 60_000,
  });
  await sweep();
  await Promise.all([logged(queued, 'Job completed'), logged(lost, 'Job completed')]);
  expect([...functionsOf(queued)]).toContain('ExecutionQueue');
  expect(messagesOf(lost)).toContain('A pending job has no running execution; starting it');
  expect(linesOf(lost)[0]?.keys).toMatchObject({ operation: 'echo', owner: hashOwner('lost') });
});

test('no line of another owner has the id of a job, and every line is JSON with its keys', async () => {
  const jobId = await start('start_echo', { text: 'x' });
  const before = linesOf(jobId).length;
  const { text } = await call(mallory, 'check_job', { job_id: jobId });
  expect(text).toContain('JOB_NOT_FOUND');
  await end(jobId);
  await logged(jobId, 'Job completed');
  expect(before).toBeGreaterThan(0);
  const owners = new Map<unknown, Set<unknown>>();
  for (const { text: line } of printed.filter((each) => isLine(each.text))) {
    const keys = parse(line);
    expect([line, Object.keys(keys)]).toEqual([line, expect.arrayContaining(ALWAYS)]);
    if (keys.job_id === undefined) continue;
    // The sandbox and some first lines do not know the owner.
    if (keys.owner) owners.set(keys.job_id, (owners.get(keys.job_id) ?? new Set()).add(keys.owner));
  }
  expect([...owners.values()].filter(({ size }) => size !== 1)).toEqual([]);
  expect(
    linesOf(jobId)
      .map(({ text: line }) => line)
      .join(),
  ).not.toContain('mallory');
});

test('the fields that queries of runbooks read are in these lines and in the documents of metrics', () => {
  const lines = printed.filter(({ text }) => text.startsWith('{')).map(({ text }) => parse(text));
  const present = new Set(
    lines.flatMap((line) =>
      Object.entries(line).flatMap(([key, value]) => [
        key,
        ...Object.keys(value instanceof Object ? value : {}).map((member) => `${key}.${member}`),
      ]),
    ),
  );
  // Lambda itself writes `record`, and CloudWatch adds what begins with @.
  const ofAws = /^(record\.|@)/;
  const read = [...new Set(queries.flatMap((query) => [...fieldsOf(query), ...listsOf(query)]))];
  expect(read.filter((field) => !ofAws.test(field) && !present.has(field))).toEqual([]);
});

/** Calls the reconciler as its schedule does. */
async function sweep(): Promise<void> {
  const lambda = new LambdaClient({
    region: 'us-east-1',
    endpoint: cloud.environment.AWS_ENDPOINT_URL_LAMBDA,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const { template } = await readAssembly(assemblies.test);
  const [FunctionName] = Object.entries(template.Resources).find(
    ([id, { Type }]) => Type === 'AWS::Lambda::Function' && id.startsWith('ReconcilerFunction'),
  ) ?? [''];
  const { EventStream = [] } = await lambda.send(new InvokeWithResponseStreamCommand({ FunctionName }));
  for await (const { InvokeComplete } of EventStream) expect(InvokeComplete?.ErrorDetails).toBeUndefined();
  lambda.destroy();
}
