/** Tests the canary on the local cloud: its jobs start through the public address, and their webhooks come back to it. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { CanaryRuns } from '../../lambdas/canary/canary-runs.ts';
import { metricsOf, type RunDependencies, runCanary } from '../../lambdas/canary/run-canary.ts';
import { startJob } from '../../lambdas/canary/start-job.ts';
import { fetchPublicKeys } from '../../lambdas/canary/verify-webhook.ts';
import type { LocalCloud } from '../../local/cloud.ts';
import { invokeCanary, logicalId } from '../support/canary.ts';
import { readMetricDocument } from '../support/metric-documents.ts';
import { type ReceivedRequest, startRecordingReceiver } from '../support/recording-receiver.ts';
import { sharedCloud } from '../support/shared-cloud.ts';
import { awsClients } from '../support/test-cloud.ts';

let cloud: LocalCloud;
let runs: CanaryRuns;
let names: { readonly canary: string; readonly deliver: string };
const lines: string[] = [];

beforeAll(async () => {
  names = {
    canary: await logicalId('AWS::Lambda::Function', 'CanaryFunction'),
    deliver: await logicalId('AWS::Lambda::Function', 'WebhooksDeliver'),
  };
  cloud = await sharedCloud('test', {
    onLog: (name, line) => {
      if (name === names.canary) lines.push(line);
    },
  });
  runs = new CanaryRuns(
    awsClients(cloud).dynamodb,
    await logicalId('AWS::DynamoDB::GlobalTable', 'CanaryRuns'),
  );
});

/** Runs the canary in this process, as an owner of this file. */
async function run(overrides: Partial<RunDependencies> = {}) {
  const result = await runCanary({
    apiUrl: cloud.url,
    publicKeys: () => fetchPublicKeys(cloud.url),
    signIn: async () => fetch,
    start: (...given) => start('start_echo', ...given),
    runs,
    ...overrides,
  });
  return { metrics: Object.fromEntries(metricsOf(result)) };
}

function start(tool: string, ...[authorizedFetch, callbackUrl]: Parameters<RunDependencies['start']>) {
  return startJob(authorizedFetch, { apiUrl: cloud.url, tool, input: { text: 'alive' }, callbackUrl });
}

/** Sends a webhook to the canary. */
async function send(token: string, { headers, body }: Pick<ReceivedRequest, 'headers' | 'body'>) {
  const signed = Object.entries(headers).filter(([name]) => name.startsWith('webhook-'));
  const { status } = await fetch(`${cloud.url}/canary/${token}`, {
    method: 'POST',
    headers: Object.fromEntries(signed),
    body,
  });
  return status;
}

test('the scheduled function writes the metrics of its job as one document', async () => {
  await invokeCanary(cloud);
  const documents = () => lines.flatMap((line) => readMetricDocument(line) ?? []);
  // Its lines may come later than its response.
  while (documents().length === 0) await delay(20);
  expect(documents()).toEqual([
    expect.objectContaining({ service: 'AsyncOperationsTest', CanaryStarts: 1, CanaryDeliveries: 1 }),
  ]);
  const [document] = documents();
  const { CanaryStartTime, CanaryStartsGood, CanaryDeliveryTime, CanaryDeliveriesGood } = Object(document);
  expect(CanaryStartsGood).toBe(Number(CanaryStartTime <= 1_000));
  expect(CanaryDeliveriesGood).toBe(Number(CanaryDeliveryTime <= 5_000));
}, 60_000);

test('a start that the service refuses counts as bad', async () => {
  const { metrics } = await run({ start: (...given) => start('start_nothing', ...given) });
  expect(metrics).toEqual({ CanaryStarts: 1, CanaryStartsGood: 0, CanaryStartTime: expect.any(Number) });
});

describe('a webhook that is not the one of the run', () => {
  let genuine: ReceivedRequest;
  beforeAll(async () => {
    const receiver = await startRecordingReceiver();
    await start('start_echo', fetch, receiver.url);
    genuine = await receiver.find(() => true);
    receiver.close();
  }, 30_000);

  test('is refused when it is forged, changed, unexpected or sent again', async () => {
    const token = 'a-token-that-only-this-test-has-';
    const { headers, body, json } = genuine;
    const jobId: string = json.data.job_id;
    await runs.create(token, await fetchPublicKeys(cloud.url));
    const forged = `v1a,${Buffer.alloc(64, 1).toString('base64')}`;
    expect(await send(token, { ...genuine, headers: { ...headers, 'webhook-signature': forged } })).toBe(401);
    expect(await send(token, { ...genuine, headers: {} })).toBe(401);
    expect(await send(token, { ...genuine, body: body.replace(jobId, randomUUID()) })).toBe(401);
    expect(await send(token.replace('a', 'b'), genuine)).toBe(410);
    expect(await send('short', genuine)).toBe(410);
    expect(await runs.arrival(token, jobId)).toBe(undefined);

    expect(await send(token, genuine)).toBe(204);
    const arrival = await runs.arrival(token, jobId);
    expect(arrival).toEqual({ endedMs: Date.parse(json.timestamp), arrivedMs: expect.any(Number) });
    expect(await send(token, genuine)).toBe(410);
    expect(await runs.arrival(token, jobId)).toEqual(arrival);
  });

  test('counts nothing: while the function that delivers is down, the delivery is bad', async () => {
    const crashing = setInterval(() => cloud.interrupt(names.deliver), 10);
    const { metrics } = await run({
      start: async (authorizedFetch, callbackUrl) => {
        expect(await send(callbackUrl.slice(-32), genuine)).toBe(204);
        return start('start_echo', authorizedFetch, callbackUrl);
      },
      // A minute of the run takes three seconds here.
      now: () => performance.now() * 20,
    }).finally(() => clearInterval(crashing));
    expect(metrics).toMatchObject({ CanaryStarts: 1, CanaryDeliveries: 1, CanaryDeliveriesGood: 0 });
    expect(metrics).not.toHaveProperty('CanaryDeliveryTime');
  }, 30_000);
});
