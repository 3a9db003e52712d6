/** Tests what a receipt counts, against examples that were computed by hand. */
import type { Job } from '../../lambdas/jobs/job.ts';
import { pricesOf } from '../../lambdas/receipt/prices.ts';
import { quantitiesOf, receiptOf } from '../../lambdas/receipt/receipt.ts';

const START = Date.parse('2026-01-01T00:00:00.000Z');
const at = (ms: number) => new Date(START + ms).toISOString();

/** Two steps of 4 s and 60 s with 512 MiB, two logs of 500 bytes. Its record takes less than 1 KB. */
const job = {
  jobId: '11111111-1111-4111-8111-111111111111',
  owner: 'alice',
  operation: 'build',
  status: 'completed',
  // Created, two steps begun, completed.
  version: 4,
  progress: 1,
  step: 'test',
  input: {},
  inputHash: 'ab',
  result: 'ok',
  createdAt: at(0),
  startedAt: at(1_000),
  updatedAt: at(65_000),
  endedAt: at(65_000),
  retentionSeconds: 86_400,
  expiresAt: 1_800_000_000,
  stepUsage: { invocations: 2, mbMs: 512 * 64_000, puts: 2, gets: 10, byteDays: 1_000 * 8 },
  used: { attempts: 2, transitions: 2 },
  stepFunction: { memoryMb: 512 },
  timeline: [
    { step: 'install', began: START + 1_000 },
    { step: 'install', ended: START + 5_000 },
    { step: 'test', began: START + 5_000 },
  ],
} as unknown as Job;

test('a job of two steps costs what its lines add up to', () => {
  const receipt = receiptOf(job, 'us-east-1');
  expect(receipt).toMatchObject({ prices: '2026-09-06', region: 'us-east-1' });
  expect(receipt?.lines.map(({ what, quantity, unit, usd }) => [what, quantity, unit, usd])).toEqual([
    // 64 s × 0.5 GB = 32; × 0.0000133334
    ['Lambda: function of the steps', 32, 'GB-seconds', 0.000427],
    // The start: 80 ms × 344 MiB. Four changes: 40 ms × 512 MiB each. 109,440 MiB ms.
    ['Lambda: shared functions', 0.1069, 'GB-seconds', 0.00000143],
    // 2 of the steps, 1 of the start, 4 of the changes
    ['Lambda: invocations', 7, 'requests', 0.0000014],
    ['Step Functions: state transitions', 2, 'transitions', 0.00005],
    // 4 of the table, 3 of the index of owners (created, started, ended), 2 of the index of open jobs
    ['DynamoDB: writes, indexes included', 9, 'write units', 0.00000563],
    // The limits, and the endpoints for each of four events
    ['DynamoDB: reads', 5, 'read units', 6.25e-7],
    ['S3: writes and lists', 2, 'requests', 0.00001],
    ['S3: reads', 10, 'requests', 0.000004],
    // 8,000 byte days are 267 byte months.
    ['S3: storage of logs, results and files', 2.484e-7, 'GB-months', 5.71e-9],
    // All but the begin of the second step, which is progress
    ['SNS: events', 3, 'messages', 0.0000015],
    ['API Gateway: start, answers, reports', 1, 'requests', 0.0000035],
    ['CloudWatch: logs of functions', 0.000006519, 'GB', 0.00000326],
  ]);
  // The sum of the prices before they are rounded
  expect(receipt?.total_usd).toBe(0.000508);
});

test('a line says whether its quantity is counted or estimated', () => {
  const estimated = receiptOf(job, 'us-east-1')?.lines.filter((line) => line.estimated);
  expect(estimated?.map(({ what }) => what.split(':')[0])).not.toContain('Step Functions');
  expect(estimated).toHaveLength(8);
});

test('a job that has not ended has no receipt', () => {
  expect(receiptOf({ ...job, status: 'running' }, 'us-east-1')).toBeUndefined();
});

const PRICED = [
  ...['us-east-1', 'us-east-2', 'us-west-2', 'ca-central-1'],
  ...['eu-west-1', 'eu-west-2', 'eu-central-1', 'eu-north-1'],
  ...['ap-northeast-1', 'ap-southeast-1', 'ap-southeast-2', 'ap-south-1'],
];

test('a region of the table has its own prices, any other those of us-east-1, and the receipt says so', () => {
  expect(receiptOf(job, 'eu-central-1')).toMatchObject({ region: 'eu-central-1' });
  expect(receiptOf(job, 'eu-central-1')?.total_usd).toBeGreaterThan(0.000508);
  for (const region of ['mars-north-1', 'constructor', '']) {
    expect(receiptOf(job, region)).toMatchObject({ region: 'us-east-1', total_usd: 0.000508 });
  }
  for (const region of PRICED) {
    expect(pricesOf(region).region).toBe(region);
    expect(Object.values(pricesOf(region).prices).every((price) => price > 0 && price <= 3)).toBe(true);
  }
});

test('a crashed attempt costs from its begin to that of the next one, and a cancelled one until the end', () => {
  const timeline = [
    { step: 'test', began: START + 1_000 },
    { step: 'test', began: START + 11_000 },
  ] as const;
  const crashed = { ...job, timeline, stepUsage: { invocations: 1, mbMs: 512 * 5_000 } };
  expect(quantitiesOf(crashed)).toMatchObject({ stepGbSeconds: (5 + 10) * 0.5 });
  const cancelled: Job = {
    ...job,
    status: 'cancelled',
    timeline,
    stepUsage: {},
    used: { attempts: 2, transitions: 2 },
    stepFunction: { memoryMb: 512, sandboxMb: 2_048 },
  };
  expect(quantitiesOf(cancelled)).toMatchObject({
    // The runner only starts an attempt.
    stepGbSeconds: 2 * 0.1 * 0.5,
    sandboxGbSeconds: (10 + 54) * 2,
    // The cancel and the start; a report at each begin, and one each ten seconds.
    apiRequests: 2 + (1 + 1) + (1 + 5),
  });
});

test('an attempt that crashed in a sandbox costs the memory of its step', () => {
  const crashed: Job = {
    ...job,
    timeline: [
      { step: 'install', began: START + 1_000 },
      { step: 'install', began: START + 11_000 },
      { step: 'install', ended: START + 15_000 },
      { step: 'test', began: START + 15_000 },
    ],
    stepUsage: { invocations: 2, sandboxes: 2 },
    used: { attempts: 3 },
    stepFunction: { memoryMb: 512, sandboxMb: { install: 1_024, test: 2_048 } },
  };
  expect(quantitiesOf(crashed)).toMatchObject({ sandboxGbSeconds: 10 });
});

test('a wait for an API call costs no time of Lambda when the attempt after it is cancelled', () => {
  const cancelled: Job = {
    ...job,
    status: 'cancelled',
    timeline: [{ step: 'test', began: START + 1_000 }],
    attemptBegan: START + 61_000,
    stepUsage: {},
    used: { attempts: 2, invocations: 1, mbMs: 512 * 1_000, transitions: 3 },
  };
  expect(quantitiesOf(cancelled)).toMatchObject({ stepGbSeconds: (1 + 4) * 0.5 });
});

test('functions on x86_64 have the price of x86_64', () => {
  const x86 = { ...job, stepFunction: { memoryMb: 512, isX86: true } } as const;
  expect(receiptOf(x86, 'us-east-1')?.lines[0]).toMatchObject({
    what: 'Lambda: function of the steps, x86_64',
    usd: 0.000533,
  });
});

test('a callback costs one attempt for each of its events that happened', () => {
  const callback = { url: 'https://example.com/', events: ['job.completed', 'job.failed', 'job.started'] };
  expect(quantitiesOf({ ...job, callback })).toMatchObject({
    sqsRequests: 6,
    // Two deliveries of two writes of 1 KB, each with two writes of its slot
    writeUnits: 9 + 2 * (2 + 2),
    readUnits: 5 + 2 * 2,
  });
});

test('a large record takes more units a write, and its result only in the last', () => {
  const large = { ...job, input: 'x'.repeat(2_000), result: 'y'.repeat(10_000) };
  // 3 writes of 3 KB, one of 13 KB
  expect(quantitiesOf(large).writeUnits).toBe(3 * 3 + 13 + 5);
});

test('a job of an earlier release, without counts, has what its record knows', () => {
  const { stepUsage: _, used: _1, stepFunction: _2, ...earlier } = job;
  expect(quantitiesOf(earlier as Job)).toMatchObject({ stepGbSeconds: 0, transitions: 2, writeUnits: 9 });
});

test('a trace costs when X-Ray keeps it', () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  expect(quantitiesOf({ ...job, trace: { traceparent } })).toMatchObject({ traces: 0 });
  const xray = '1-5759e988-bd862e3fe1be46a994272793';
  expect(quantitiesOf({ ...job, trace: { traceparent, xray } })).toMatchObject({ traces: 1 });
});

test('a job that an idempotency key named counts its writes from its first version', () => {
  const keyed: Job = { ...job, idempotent: true, version: START + 3 };
  expect(quantitiesOf(keyed)).toMatchObject({ writeUnits: 9, snsMessages: 3 });
});

test('progress within a second of the write before is no event', () => {
  const timeline = [
    { step: 'install', began: START + 1_000 },
    { step: 'test', began: START + 1_900 },
  ] as const;
  expect(quantitiesOf({ ...job, timeline })).toMatchObject({ snsMessages: 3, writeUnits: 9 });
});

test('a failure costs the refused writes of the recorders too, which find that the job has ended', () => {
  const stepUsage = { invocations: 2, mbMs: 1_000, transitions: 2 };
  // Its step recorded it: the state and EventBridge come too late.
  expect(quantitiesOf({ ...job, status: 'failed', stepUsage })).toMatchObject({ writeUnits: 9 + 2 });
  // The state recorded it: EventBridge comes too late.
  expect(quantitiesOf({ ...job, status: 'failed' })).toMatchObject({ writeUnits: 9 + 1 });
  expect(quantitiesOf({ ...job, status: 'cancelled' })).toMatchObject({ writeUnits: 9 + 1, apiRequests: 2 });
});
