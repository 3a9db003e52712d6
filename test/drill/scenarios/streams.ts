/** Breaks the consumers of the jobs table's stream. */
import { setTimeout as delay } from 'node:timers/promises';
import { DeleteItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { DrillCloud } from '../drill-cloud.ts';
import type { Scenario } from '../scenario.ts';

const CRASH = 'each crash is an error of a function';
/** The longest time between two attempts of a mapping at the same records, in milliseconds. */
const BACKOFF_MS = 2_100;

export const streamScenarios: readonly Scenario[] = [
  {
    alarm: 'events-behind',
    cause: 'each instance of the publisher crashes',
    also: { 'function-errors': CRASH },
    async begin(drill) {
      const end = drill.cause('crashing-function', 'Lambda::Function', /^EventsFunction/);
      await drill.start('echo', { text: 'behind' });
      return end;
    },
    eachMinute: () => delay(BACKOFF_MS),
  },
  {
    alarm: 'events-stopped',
    cause: 'the event source mapping of the publisher is disabled',
    begin: async (drill) => drill.cause('stopped-consumer', 'Lambda::Function', /^EventsFunction/),
    eachMinute: (drill) => drill.start('echo', { text: 'untold' }),
  },
  {
    alarm: 'resumer-behind',
    cause: 'each instance of the resumer crashes, and a job has its answers',
    also: { 'function-errors': CRASH },
    async begin(drill) {
      const end = drill.cause('crashing-function', 'Lambda::Function', /^ResumerFunction/);
      const job = await answered(drill);
      return async () => {
        end();
        await drill.until(job);
      };
    },
    eachMinute: () => delay(BACKOFF_MS),
  },
  {
    alarm: 'dead-letters-answers',
    cause: 'the resumer fails until the stream drops its records',
    also: { 'function-errors': CRASH },
    async begin(drill) {
      const ends = [
        drill.cause('expired-records', 'Lambda::Function', /^ResumerFunction/),
        drill.cause('crashing-function', 'Lambda::Function', /^ResumerFunction/),
      ];
      const job_id = await answered(drill);
      return async () => {
        for (const end of ends) end();
        await drill.tool('cancel_job', { job_id });
        await drill.purge(/^ResumerDeadLetters/);
      };
    },
  },
  {
    alarm: 'dead-letters-events',
    cause: 'a record of the jobs table is not a job',
    async begin(drill) {
      const TableName = drill.cloud.outputs.JobsTableName;
      const jobId = { S: 'poisoned' };
      await drill.aws.dynamodb.send(new PutItemCommand({ TableName, Item: { jobId } }));
      return async () => {
        await drill.aws.dynamodb.send(new DeleteItemCommand({ TableName, Key: { jobId } }));
        await drill.purge(/^EventsDeadLetters/);
      };
    },
  },
];

/** Starts a job that asks, and answers. @returns its id */
async function answered(drill: DrillCloud): Promise<string> {
  const job_id = await drill.start('ask');
  const { input_requests } = await drill.until(job_id, 'input_required');
  const answers = Object.fromEntries(Object.keys(input_requests).map((key) => [key, { action: 'decline' }]));
  await drill.tool('answer_job', { job_id, answers });
  return job_id;
}
