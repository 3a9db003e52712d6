/** Breaks jobs: their executions, their starts, the sweeps that repair them, and the tables. */
import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { ListExecutionsCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { nameIn } from '../../support/operation-name.ts';
import type { DrillCloud } from '../drill-cloud.ts';
import type { Scenario } from '../scenario.ts';
import { eachOf, times } from './api.ts';

const SLOW_STARTS = 'the SDK tries a start three times, so the caller can wait for more than a second';

export const jobScenarios: readonly Scenario[] = [
  {
    alarm: 'executions-failed',
    cause: 'somebody stops executions in the console of Step Functions',
    async begin(drill) {
      const machine = nameIn(drill.template, 'probe');
      const stateMachineArn = `arn:aws:states:us-east-1:000000000000:stateMachine:${machine}`;
      const ids = await times(3, () => drill.start('probe', { behaviour: 'wait' }));
      await Promise.all(ids.map((id) => drill.until(id, 'running')));
      const { executions = [] } = await drill.aws.sfn.send(
        new ListExecutionsCommand({ stateMachineArn, statusFilter: 'RUNNING' }),
      );
      for (const { executionArn } of executions)
        await drill.aws.sfn.send(new StopExecutionCommand({ executionArn }));
      await Promise.all(ids.map((id) => drill.until(id)));
      return () => {};
    },
  },
  {
    alarm: 'executions-throttled',
    cause: 'Step Functions throttles StartExecution',
    also: {
      'starts-old': 'the starts that it throttled wait in the queue',
      'slo-starts-fast': SLOW_STARTS,
      'slo-starts-slow': SLOW_STARTS,
    },
    async begin(drill) {
      const unthrottle = drill.cloud.throttle('StartExecution');
      return async () => {
        unthrottle();
        const { jobs } = await drill.tool('list_jobs', { status: 'pending', limit: 100 });
        for (const { job_id } of jobs) await drill.tool('cancel_job', { job_id });
        await drill.purge(/^ExecutionQueue[0-9A-F]{8}$/);
      };
    },
    eachMinute: (drill) => times(3, () => drill.start('echo', { text: 'throttled' })),
  },
  {
    alarm: 'tables-throttled',
    cause: 'DynamoDB throttles the table of endpoints',
    begin: async (drill) =>
      drill.cause('throttled-table', 'DynamoDB::GlobalTable', /^WebhooksTablesEndpoints/),
    async eachMinute(drill, minute) {
      // The SDK tries three times, and waits in between.
      if (minute % 5 === 1) await times(4, () => drill.api('GET', '/endpoints'));
    },
  },
  {
    alarm: 'jobs-failing',
    cause: 'all jobs fail',
    limitMinutes: 60,
    begin: async () => () => {},
    async eachMinute(drill, minute) {
      if (minute % 15 !== 1) return;
      await eachOf(22, async () => drill.until(await drill.start('probe', { behaviour: 'fail' })));
    },
  },
  {
    alarm: 'jobs-overdue',
    cause: 'a job is open for longer than its operation may run',
    async begin(drill) {
      const job_id = await drill.start('probe', { behaviour: 'wait' });
      await drill.until(job_id, 'running');
      await setCreated(drill, job_id, 30 * 24 * 60);
      return async () => {
        await drill.tool('cancel_job', { job_id });
      };
    },
  },
  {
    alarm: 'sweep-findings',
    cause: 'the message of a throttled start is lost',
    async begin(drill) {
      const end = drill.cause('stopped-consumer', 'Lambda::Function', /^ExecutionQueueFunction/);
      const unthrottle = drill.cloud.throttle('StartExecution');
      const jobId = await drill.start('echo', { text: 'lost' });
      unthrottle();
      await drill.purge(/^ExecutionQueue[0-9A-F]{8}$/);
      // A sweep leaves jobs alone that are younger than a minute.
      await setCreated(drill, jobId, 5);
      return end;
    },
  },
  {
    alarm: 'sweep-stopped',
    cause: 'the schedule of the sweep is disabled',
    begin: async (drill) => drill.cause('disabled-rule', 'Events::Rule', /^ReconcilerEveryTwoMinutes/),
  },
];

/** Sets an earlier creation time. */
async function setCreated({ aws, cloud }: DrillCloud, jobId: string, minutesAgo: number): Promise<void> {
  await aws.dynamodb.send(
    new UpdateItemCommand({
      TableName: cloud.outputs.JobsTableName,
      Key: { jobId: { S: jobId } },
      UpdateExpression: 'SET createdAt = :createdAt',
      ExpressionAttributeValues: {
        ':createdAt': { S: new Date(Date.now() - minutesAgo * 60_000).toISOString() },
      },
    }),
  );
}
