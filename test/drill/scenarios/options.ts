/** Sets off the alarms of options: those of the canary, of the objectives and of the budget. */
import { setTimeout as delay } from 'node:timers/promises';
import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { DrillCloud } from '../drill-cloud.ts';
import type { Scenario } from '../scenario.ts';
import { times } from './api.ts';

/** Longer than the objective of deliveries, in milliseconds of the machine. */
const LATE_MS = 5_100;
const SLOW_TOO = 'all bad events of the last hour are most of those of the last six hours';
/** 100 GiB of memory for a million seconds, in MiB and milliseconds. */
const EXPENSIVE_MB_MS = 100 * 1_024 * 1_000_000;

export const canaryScenarios: readonly Scenario[] = [
  {
    alarm: 'canary-failing',
    cause: 'the issuer of tokens gives the canary none',
    hasCanary: true,
    async begin(drill) {
      // Without a run before, the alarm has no data.
      for (let minute = 0; minute < 5; minute++) await drill.minute();
      drill.issuer.mood = 'down';
      return () => {
        drill.issuer.mood = 'well';
      };
    },
    async eachMinute(drill) {
      // A new instance has no token yet.
      drill.cloud.interrupt(drill.name('Lambda::Function', /^CanaryFunction/));
    },
  },
];

export const objectiveScenarios: readonly Scenario[] = [
  {
    alarm: 'slo-starts-fast',
    cause: 'DynamoDB throttles the jobs table for a moment, and two starts fail',
    also: { 'slo-starts-slow': SLOW_TOO },
    begin: async () => () => {},
    eachMinute: (drill, minute) => (minute === 1 ? failedStarts(drill, 2) : Promise.resolve()),
    eachMinuteAfter: goodEvents,
  },
  {
    alarm: 'slo-starts-slow',
    cause: 'a start fails every ten minutes',
    begin: async () => () => {},
    eachMinute: (drill, minute) => (minute % 10 === 1 ? failedStarts(drill, 1) : Promise.resolve()),
    eachMinuteAfter: goodEvents,
  },
  {
    alarm: 'slo-deliveries-fast',
    cause: 'deliveries stop for seconds, and two webhooks are late',
    also: { 'slo-deliveries-slow': SLOW_TOO },
    begin: async () => () => {},
    eachMinute: (drill, minute) => (minute === 1 ? lateWebhooks(drill, 2) : Promise.resolve()),
    eachMinuteAfter: goodEvents,
  },
  {
    alarm: 'slo-deliveries-slow',
    cause: 'a webhook is late every ten minutes',
    begin: async () => () => {},
    eachMinute: (drill, minute) => (minute % 10 === 1 ? lateWebhooks(drill, 1) : Promise.resolve()),
    eachMinuteAfter: goodEvents,
  },
];

export const costScenarios: readonly Scenario[] = [
  {
    alarm: 'cost-budget',
    cause: 'the steps of a job use memory worth more than a dollar',
    quietHours: 23,
    async begin(drill) {
      const job_id = await drill.start('probe', { behaviour: 'wait' });
      await drill.until(job_id, 'running');
      await drill.aws.dynamodb.send(
        new UpdateItemCommand({
          TableName: drill.cloud.outputs.JobsTableName,
          Key: { jobId: { S: job_id } },
          UpdateExpression: 'SET #used = :used',
          ExpressionAttributeNames: { '#used': 'used_mbMs' },
          ExpressionAttributeValues: { ':used': { N: String(EXPENSIVE_MB_MS) } },
        }),
      );
      await drill.tool('cancel_job', { job_id });
      await drill.until(job_id);
      return () => {};
    },
  },
];

/** Starts jobs that the service cannot accept. */
async function failedStarts(drill: DrillCloud, count: number): Promise<void> {
  const end = drill.cause('throttled-table', 'DynamoDB::GlobalTable', /^JobsTable/);
  await times(count, () => drill.tool('start_echo', { text: 'refused' }));
  end();
}

/** Sends webhooks later than the objective allows. */
async function lateWebhooks(drill: DrillCloud, count: number): Promise<void> {
  const end = drill.cause('stopped-consumer', 'Lambda::Function', /^WebhooksDeliver/);
  const ids = await times(count, () => drill.start('echo', { text: 'late' }, drill.receiver.url));
  await Promise.all(ids.map((id) => drill.until(id)));
  await delay(LATE_MS);
  end();
  await drill.drained(/^WebhooksQueue[0-9A-F]{8}$/);
}

/** What callers do all day. */
async function goodEvents(drill: DrillCloud, minute: number): Promise<void> {
  if (minute % 10 !== 1) return;
  const jobId = await drill.start('echo', { text: 'well' }, drill.receiver.url);
  await drill.receiver.find(({ json }) => json.data.job_id === jobId);
}
