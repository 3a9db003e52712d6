/** Measures the cost of one job: AWS calls and state transitions, counted where they arrive. */
import type { LocalCloud } from '../local/cloud.ts';
import type { CallCounter } from '../test/support/call-counter.ts';
import { legacy, modern } from '../test/support/rpc.ts';
import { BenchClient } from './client.ts';
import { type Row, row } from './measure.ts';

const WRITES = ['dynamodb:PutItem', 'dynamodb:UpdateItem'] as const;
const READS = ['dynamodb:GetItem', 'dynamodb:Query'] as const;
/** Limits of a 4-step job, without the progress inside its steps. */
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
  const reads = sum(READS);
  await client.close();

  const owner = { owner: 'bench' };
  const wait = { name: 'start_four_steps', arguments: { wait_seconds: 20 } };
  const { result } = await modern(cloud, 'tools/call', wait, owner);
  const taskId: string = result.structuredContent.job_id;
  const taskReads: number[] = [];
  for (const get of [legacy, modern]) {
    counter.reset();
    await get(cloud, 'tasks/get', { taskId }, owner);
    taskReads.push(sum(READS));
  }
  return [
    row('start: writes to the table', starts, 'writes', 1),
    row('start: StartExecution', executions, 'calls', 1),
    row('four-step job: writes to the table', writes, 'writes', WRITES_LIMIT),
    row('four-step job: state transitions', transitions, 'transitions', TRANSITIONS_LIMIT),
    row('check_job: reads of the table', reads, 'reads', 1),
    row('tasks/get, 2025-11-25: reads of the table', taskReads[0] ?? 0, 'reads', 1),
    row('tasks/get, 2026-07-28: reads of the table', taskReads[1] ?? 0, 'reads', 1),
  ];
}
