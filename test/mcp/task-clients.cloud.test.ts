/** The official clients of tasks, unmodified: create, follow, answer, cancel, and hand over to another process. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Client as Client1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as Transport1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { CallToolResultSchema, ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import type { LocalCloud } from '../../local/cloud.ts';
import { sharedCloud } from '../support/shared-cloud.ts';
import type { Generation } from '../support/task-session.ts';
import { call, connect } from '../support/test-cloud.ts';

const run = promisify(execFile);
let cloud: LocalCloud;

beforeAll(async () => {
  cloud = await sharedCloud();
});

const endpoint = () => new URL('/mcp', cloud.url);
describe.each<Generation>(['v1', 'v2'])('@modelcontextprotocol/ext-tasks, tasks of %s', (generation) => {
  // biome-ignore lint/suspicious/noExplicitAny: reports are checked field by field
  let report: any;
  const script = async (name: string, ...args: string[]) => {
    const { stdout } = await run(process.execPath, [`test/support/${name}.ts`, endpoint().href, ...args]);
    return JSON.parse(stdout);
  };

  beforeAll(async () => {
    report = await script('use-tasks', generation);
  }, 60_000);

  test('creates a task, follows it, and collects its result', () => {
    const { taskId, states, outcome } = report.followed;
    expect(states).toContain('working');
    expect(outcome).toMatchObject({
      status: 'completed',
      result: { structuredContent: { job_id: taskId, status: 'completed' } },
    });
  });

  test('cancels one, whoever looks', async () => {
    const { taskId, outcome } = report.cancelled;
    expect(outcome.status).toBe('cancelled');
    const other = await connect(cloud);
    expect((await call(other, 'check_job', { job_id: taskId })).data.status).toBe('cancelled');
    await other.close();
  });

  test('is told that one has failed', () => {
    // Of the second generation, the tool has answered: with a failure.
    if (generation === 'v1') expect(report.failed).toMatchObject({ status: 'failed' });
    else expect(report.failed).toMatchObject({ status: 'completed', result: { isError: true } });
  });

  test('answers what is asked', () => {
    const { taskId, asked, listed, outcome } = report.answered;
    expect(outcome).toMatchObject({
      status: 'completed',
      result: { structuredContent: { result: { colour: 'green' } } },
    });
    if (generation === 'v1') expect(listed).toContain(taskId);
    else expect(asked).toEqual(['May it go on?', 'In which colour?']);
  });

  test('hands one over to another process, which collects it', async () => {
    expect(await script('resume-task', JSON.stringify(report.reference))).toMatchObject({
      status: 'completed',
      result: { structuredContent: { job_id: report.reference.taskId } },
    });
  }, 30_000);
});

describe('@modelcontextprotocol/sdk 1.x, experimental tasks', () => {
  let client: Client1;

  beforeAll(async () => {
    client = new Client1({ name: 'test', version: '1.0.0' });
    await client.connect(new Transport1(endpoint()));
    await client.listTools();
  });
  afterAll(() => client.close());

  test('streams a call: created, its states, and the result, which fits the schema of the tool', async () => {
    const types: string[] = [];
    const stream = client.experimental.tasks.callToolStream(
      { name: 'start_four_steps', arguments: {} },
      undefined,
      {
        task: { ttl: 120_000 },
      },
    );
    for await (const message of stream) {
      types.push(message.type);
      if (message.type === 'error') throw message.error;
      if (message.type === 'result') {
        expect(message.result).toMatchObject({ structuredContent: { status: 'completed' } });
      }
    }
    expect(types[0]).toBe('taskCreated');
    expect(types).toContain('taskStatus');
    expect(types.at(-1)).toBe('result');
  });

  test('a failed one ends in an error, with its result to be had', async () => {
    const stream = client.experimental.tasks.callToolStream(
      { name: 'start_probe', arguments: { behaviour: 'fail' } },
      undefined,
      {
        task: {},
      },
    );
    let taskId = '';
    let end = '';
    for await (const message of stream) {
      if (message.type === 'taskCreated') ({ taskId } = message.task);
      end = message.type;
    }
    expect(end).toBe('error');
    expect(await client.experimental.tasks.getTask(taskId)).toMatchObject({ status: 'failed' });
    expect(await client.experimental.tasks.getTaskResult(taskId, CallToolResultSchema)).toMatchObject({
      isError: true,
    });
  });

  test('asks its user what the task asks, and goes on with the answers', async () => {
    const asking = new Client1(
      { name: 'test', version: '1.0.0' },
      { capabilities: { elicitation: { form: {} } } },
    );
    const asked: unknown[] = [];
    asking.setRequestHandler(ElicitRequestSchema, async ({ params }) => {
      asked.push(params.message);
      const content = asked.length === 1 ? { approve: true } : { colour: 'green' };
      return { action: 'accept', content };
    });
    await asking.connect(new Transport1(endpoint()));
    const { tasks } = asking.experimental;
    let end: unknown;
    for await (const message of tasks.callToolStream({ name: 'start_ask' }, undefined, { task: {} })) {
      end = message;
    }
    expect(end).toMatchObject({
      type: 'result',
      result: { structuredContent: { status: 'completed', result: { colour: 'green' } } },
    });
    expect(asked).toEqual(['May it go on?', 'In which colour?']);
    await asking.close();
  });

  test('lists and cancels', async () => {
    const stream = client.experimental.tasks.callToolStream(
      { name: 'start_probe', arguments: { behaviour: 'wait' } },
      undefined,
      {
        task: {},
      },
    );
    const { value } = await stream.next();
    if (value?.type !== 'taskCreated') throw new Error(`It began with ${value?.type}.`);
    const { taskId } = value.task;
    expect((await client.experimental.tasks.listTasks()).tasks.map((task) => task.taskId)).toContain(taskId);
    expect(await client.experimental.tasks.cancelTask(taskId)).toMatchObject({ taskId, status: 'cancelled' });
  });
});
