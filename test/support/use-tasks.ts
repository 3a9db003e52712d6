/**
 * Uses the official tasks library like a host, in a separate process, and prints the outcome as JSON. (The library
 * recognizes plain objects by their prototype, and each Jest context has a different one.)
 */
import type { CallToolResultV2 } from '@modelcontextprotocol/ext-tasks/core/v2';
import { type Generation, openTaskSession } from './task-session.ts';

const [url = '', generation = ''] = process.argv.slice(2);
const asked: string[] = [];
const { client, session } = await openTaskSession(
  new URL(url),
  generation as Generation,
  async ({ params }) => {
    const { message } = params as { message: string };
    asked.push(message);
    const content = message.includes('colour') ? { colour: 'green' } : { approve: true };
    return { action: 'accept', content } as never;
  },
);

/** Requests a task. In the first generation, the host decides whether a call becomes a task. */
const start = async (tool: string, args: Record<string, string> = {}) => {
  const execution = await session.callTool<CallToolResultV2>(tool, args, { task: { preference: 'prefer' } });
  if (execution.kind !== 'task') throw new Error(`${tool} was answered without a task.`);
  return execution;
};

const followed = await start('start_four_steps');
const states: string[] = [];
for await (const event of followed.updates()) if (event.type === 'task') states.push(event.task.status);

const cancelled = await start('start_probe', { behaviour: 'wait' });
await cancelled.cancel();

const failed = await start('start_probe', { behaviour: 'fail' });

const answered = await start('start_ask');
const listed = generation === 'v1' ? (await session.listTasks()).tasks.map(({ taskId }) => taskId) : [];
if (generation === 'v1') {
  // In the first generation, a host can answer only with a tool.
  while ((await session.task(answered.handle.taskId).snapshot()).status !== 'input_required');
  const answers = {
    approve: { action: 'accept', content: { approve: true } },
    paint: { action: 'accept', content: { colour: 'green' } },
  };
  await client.callTool({ name: 'answer_job', arguments: { job_id: answered.handle.taskId, answers } });
}

const handedOver = await start('start_four_steps');
const report = {
  followed: { taskId: followed.handle.taskId, states, outcome: await followed.result() },
  cancelled: { taskId: cancelled.handle.taskId, outcome: await cancelled.result() },
  failed: await failed.result(),
  answered: { taskId: answered.handle.taskId, asked, listed, outcome: await answered.result() },
  reference: undefined as unknown,
};
await handedOver.handoff((reference) => {
  report.reference = reference;
});
console.log(JSON.stringify(report));
await session.close();
await client.close();
