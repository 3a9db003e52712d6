/** One job, three lanes: started in each, it is watched, answered, cancelled and collected in each of the others. */
import type { LocalCloud } from '../../local/cloud.ts';
import { legacy, modern } from '../support/rpc.ts';
import { sharedCloud } from '../support/shared-cloud.ts';

let cloud: LocalCloud;

beforeAll(async () => {
  cloud = await sharedCloud();
});

const ANSWERS = {
  approve: { action: 'accept', content: { approve: true } },
  paint: { action: 'accept', content: { colour: 'green' } },
};

interface Lane {
  start(name: string, args?: object): Promise<string>;
  status(id: string): Promise<string>;
  answer(id: string): Promise<unknown>;
  cancel(id: string): Promise<unknown>;
  /** What the operation returned. */
  collect(id: string): Promise<unknown>;
}

const NONE = { capabilities: {} };
const tool = async (name: string, args: object) =>
  (await modern(cloud, 'tools/call', { name, arguments: args }, NONE)).result.structuredContent;

const LANES: Readonly<Record<string, Lane>> = {
  tools: {
    start: async (name, args = {}) => (await tool(name, args)).job_id,
    status: async (job_id) => (await tool('check_job', { job_id })).status,
    answer: (job_id) => tool('answer_job', { job_id, answers: ANSWERS }),
    cancel: (job_id) => tool('cancel_job', { job_id }),
    collect: async (job_id) => (await tool('check_job', { job_id, wait_seconds: 20 })).result,
  },
  'tasks of 2025-11-25': {
    start: async (name, args = {}) =>
      (await legacy(cloud, 'tools/call', { name, arguments: args, task: {} })).result.task.taskId,
    status: async (taskId) => (await legacy(cloud, 'tasks/get', { taskId })).result.status,
    answer: (job_id) =>
      legacy(cloud, 'tools/call', { name: 'answer_job', arguments: { job_id, answers: ANSWERS } }),
    cancel: (taskId) => legacy(cloud, 'tasks/cancel', { taskId }),
    collect: async (taskId) =>
      (await legacy(cloud, 'tasks/result', { taskId })).result.structuredContent.result,
  },
  'tasks of 2026-07-28': {
    start: async (name, args = {}) =>
      (await modern(cloud, 'tools/call', { name, arguments: args })).result.taskId,
    status: async (taskId) => (await modern(cloud, 'tasks/get', { taskId })).result.status,
    answer: (taskId) => modern(cloud, 'tasks/update', { taskId, inputResponses: ANSWERS }),
    cancel: (taskId) => modern(cloud, 'tasks/cancel', { taskId }),
    async collect(taskId) {
      for (;;) {
        const { result } = await modern(cloud, 'tasks/get', { taskId });
        if (result.status === 'completed') return result.result.structuredContent.result;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
  },
};

async function until(lane: Lane, id: string, status: string): Promise<void> {
  while ((await lane.status(id)) !== status) await new Promise((resolve) => setTimeout(resolve, 50));
}

describe.each(Object.keys(LANES))('started by %s', (from) => {
  test.each(Object.keys(LANES))('followed, answered, collected and cancelled by %s', async (to) => {
    const [begin, go] = [LANES[from], LANES[to]] as [Lane, Lane];
    const asking = await begin.start('start_ask');
    await until(go, asking, 'input_required');
    await go.answer(asking);
    expect(await go.collect(asking)).toMatchObject({ colour: 'green' });
    await until(begin, asking, 'completed');

    const waiting = await begin.start('start_probe', { behaviour: 'wait' });
    await go.cancel(waiting);
    await until(go, waiting, 'cancelled');
    await until(begin, waiting, 'cancelled');
  });
});
