/** What one job costs: calls to AWS and state transitions, counted where they arrive. */
import type { LocalCloud } from '../local/cloud.ts';
import type { CallCounter } from '../test/support/call-counter.ts';
import { BenchClient } from './client.ts';
import { type Row, row } from './measure.ts';

const WRITES = ['dynamodb:PutItem', 'dynamodb:UpdateItem'] as const;
/** A 4-step job, besides the progress inside its steps. */
const TRANSITIONS_LIMIT = 5;
const WRITES_LIMIT = 10;

export async function jobCost(cloud: LocalCloud, counter: CallCounter): Promise<readonly Row[]> {
  const client = await BenchClient.connect(new URL('/mcp', cloud.url));
  const sum = (keys: readonly string[]) => keys.reduce((total, key) => total + (counter.counts[key] ?? 0), 0);

  counter.reset();
  const { job_id } = await client.call('start_four_steps');
  while ((await client.call('check_job', { job_id, wait_seconds: 10 })).status !== 'completed');
  const starts = sum(['dynamodb:PutItem']);
  const executions = sum(['states:StartExecution']);
  const writes = sum(WRITES);
  const transitions = sum(['states:StateEntered']);

  counter.reset();
  await client.call('check_job', { job_id });
  const reads = sum(['dynamodb:GetItem', 'dynamodb:Query']);
  await client.close();
  return [
    row('start: writes to the table', starts, 'writes', 1),
    row('start: StartExecution', executions, 'calls', 1),
    row('four-step job: writes to the table', writes, 'writes', WRITES_LIMIT),
    row('four-step job: state transitions', transitions, 'transitions', TRANSITIONS_LIMIT),
    row('check_job: reads of the table', reads, 'reads', 1),
  ];
}
