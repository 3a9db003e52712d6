/** Tests that the card follows a job through the official host bridge, and what it does with hosts that can or answer less. */
import type { CardState } from '../../console/card/card-controller.ts';
import {
  checked,
  closeCards,
  errorResult,
  IMPATIENT,
  JOB_ID,
  jobResult,
  openCard,
  openSilently,
} from './card-host.ts';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const isEnded = ({ job }: CardState) => job?.status === 'completed' && job.isWhole;

afterEach(closeCards);

test('follows a job from the result of its start to its end, and stops', async () => {
  const views = [
    { progress: 0.25, step: 'install' },
    { progress: 0.5, step: 'compile', log_tail: ['one', 'two'] },
    { status: 'completed', progress: 1, result: { ok: true }, files: [{ name: 'a.tar.gz', size: 3 }] },
  ];
  const card = await openCard(() => checked(views.shift() ?? {}), {
    context: { toolInfo: { tool: { name: 'start_build', title: 'Build', inputSchema: { type: 'object' } } } },
  });
  await card.bridge.sendToolInput({ arguments: { project: 'web-shop' } });
  await card.bridge.sendToolResult(
    jobResult({ status: 'pending', message: 'Build started.', poll_after_ms: 1 }) as never,
  );
  const { title, job } = await card.until(isEnded);
  expect(title).toBe('Build');
  expect(job).toMatchObject({
    subject: 'web-shop',
    operation: 'build',
    progress: 1,
    result: { ok: true },
    lines: ['one', 'two'],
    files: [{ name: 'a.tar.gz', size: 3 }],
  });
  expect(card.states.map((state) => state.job?.status)).toEqual(
    expect.arrayContaining(['pending', 'running', 'completed']),
  );
  await pause(30);
  expect(card.calls).toEqual(
    Array(3).fill({ name: 'check_job', args: { job_id: JOB_ID, include: ['details', 'log', 'timeline'] } }),
  );
  expect(card.told).toEqual([`Job ${JOB_ID} has ended: completed. Call check_job for its state and result.`]);
});

test('asks once for the details of a job that had ended before', async () => {
  const card = await openCard(() => checked({ status: 'completed', progress: 1 }));
  await card.bridge.sendToolResult(jobResult({ status: 'completed', progress: 1 }) as never);
  await card.until(isEnded);
  await pause(30);
  expect(card.calls).toHaveLength(1);
  // The model has this result.
  expect(card.told).toEqual([]);
});

test('follows the job of a check_job that has not returned', async () => {
  const card = await openCard(() => checked({ progress: 0.5 }));
  await card.bridge.sendToolInput({ arguments: { job_id: JOB_ID, wait_seconds: 50 } });
  await card.until(({ job }) => job?.progress === 0.5);
});

test('finds the job in the text, where a host passes only that', async () => {
  const card = await openCard(() => checked({ status: 'completed' }));
  await card.bridge.sendToolResult({ content: [{ type: 'text', text: `Build started. job_id: ${JOB_ID}` }] });
  await card.until(isEnded);
});

test('waits as long as the service says between two checks', async () => {
  const times: number[] = [];
  const card = await openCard(() => {
    times.push(Date.now());
    return checked({ status: times.length < 3 ? 'running' : 'completed', poll_after_ms: 60 });
  });
  await card.bridge.sendToolResult(jobResult({ status: 'pending' }) as never);
  await card.until(isEnded);
  expect((times[2] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(110);
});

test('says which service has no timeline by asking without it', async () => {
  const card = await openCard(({ args: { include } }) =>
    (include as string[]).includes('timeline')
      ? errorResult('INVALID_ARGUMENTS')
      : checked({ status: 'completed' }),
  );
  await card.bridge.sendToolResult(jobResult({ status: 'pending' }) as never);
  await card.until(isEnded);
  expect(card.state().trouble).toBeUndefined();
});

test('shows an error result, and calls nothing', async () => {
  const card = await openCard(() => checked({}));
  await card.bridge.sendToolResult(errorResult('PROJECT_NOT_FOUND') as never);
  const { trouble } = await card.until((state) => state.trouble !== undefined);
  expect(trouble).toMatchObject({ code: 'PROJECT_NOT_FOUND', message: 'PROJECT_NOT_FOUND. Do something.' });
  await pause(20);
  expect(card.calls).toEqual([]);
});

test('stops when the job is gone, and asks again when the user wants', async () => {
  let isGone = true;
  const card = await openCard(() =>
    isGone ? errorResult('JOB_NOT_FOUND') : checked({ status: 'completed' }),
  );
  await card.bridge.sendToolResult(jobResult({ status: 'running', progress: 0.5 }) as never);
  const { triesAgain, job } = await card.until(({ trouble }) => trouble?.code === 'JOB_NOT_FOUND');
  expect({ triesAgain, progress: job?.progress }).toEqual({ triesAgain: false, progress: 0.5 });
  await pause(30);
  expect(card.calls).toHaveLength(1);
  isGone = false;
  card.controller.tryNow();
  await card.until(isEnded);
});

test('tries again later when the service is busy', async () => {
  let left = 2;
  const card = await openCard(() =>
    left-- > 0 ? errorResult('RESOURCE_EXHAUSTED', { retryable: true }) : checked({ status: 'completed' }),
  );
  await card.bridge.sendToolResult(jobResult({ status: 'running' }) as never);
  await card.until(isEnded);
  expect(
    card.states.some(({ trouble, triesAgain }) => trouble?.code === 'RESOURCE_EXHAUSTED' && triesAgain),
  ).toBe(true);
  expect(card.state().trouble).toBeUndefined();
});

test('a host that never answers is asked less and less often, and the card says so', async () => {
  const { sent, states, controller, receive } = openSilently();
  await pause(300);
  controller.stop();
  const count = sent.length;
  expect(new Set(sent.map(({ method }) => method))).toEqual(new Set(['ui/initialize']));
  // A timeout of 40 ms, then delays of 5, 10, 20, 20, … ms.
  expect(count).toBeGreaterThan(2);
  expect(count).toBeLessThanOrEqual(7);
  expect(states.at(-1)).toMatchObject({
    connection: 'silent',
    trouble: { code: 'HOST_SILENT' },
    triesAgain: true,
  });
  await pause(80);
  expect(sent).toHaveLength(count);
  // A response that comes too late, and malformed messages.
  for (const message of [{ jsonrpc: '2.0', id: 1, result: {} }, null, 'x', { id: 1 }, { jsonrpc: '2.0' }, []])
    receive(message);
});

test('a host that stops to answer leaves what the card knew', async () => {
  const card = await openCard(() => new Promise(() => {}), {
    times: { ...IMPATIENT, connectTimeoutMs: 5_000 },
  });
  await card.bridge.sendToolResult(jobResult({ status: 'running', progress: 0.5 }) as never);
  const { job } = await card.until(({ trouble }) => trouble?.code === 'HOST_SILENT');
  expect(job).toMatchObject({ status: 'running', progress: 0.5 });
  await pause(200);
  card.controller.stop();
  // One at a time: each waits for 40 ms.
  expect(card.calls.length).toBeLessThanOrEqual(6);
});

test('without the tools of the server, the card shows the result alone', async () => {
  const card = await openCard(() => checked({}), { capabilities: {} });
  await card.bridge.sendToolResult(jobResult({ status: 'running', progress: 0.5 }) as never);
  const { canCall } = await card.until(({ job }) => job?.progress === 0.5);
  expect(canCall).toBe(false);
  await pause(20);
  expect(card.calls).toEqual([]);
});

describe('what the user does', () => {
  const open = async (answer: Parameters<typeof openCard>[0], view: object = {}, options = {}) => {
    const card = await openCard(
      (call) =>
        call.name === 'check_job' ? checked({ progress: 0.5, poll_after_ms: 10_000, ...view }) : answer(call),
      options,
    );
    await card.bridge.sendToolResult(jobResult({ status: 'running' }) as never);
    await card.until(({ job }) => job?.isWhole === true);
    return card;
  };
  const acts = ({ calls }: Awaited<ReturnType<typeof openCard>>) =>
    calls.filter(({ name }) => name !== 'check_job');

  test('cancels the job', async () => {
    const card = await open(() => jobResult({ status: 'cancelled', message: 'Cancelled.' }));
    await card.controller.cancel();
    expect(card.state()).toMatchObject({
      job: { status: 'cancelled', operation: 'build', subject: 'web-shop' },
    });
    expect(acts(card)).toEqual([{ name: 'cancel_job', args: { job_id: JOB_ID } }]);
    await card.until(() => card.told.length > 0);
    expect(card.told[0]).toMatch(`The user cancelled job ${JOB_ID}.`);
  });

  test('retries the job, and the card follows the new one', async () => {
    const next = '22222222-2222-4333-8444-555555555555';
    const card = await open(
      ({ args }) =>
        args.job_id === JOB_ID
          ? jobResult({ job_id: next, status: 'pending', progress: 0, retried_from: JOB_ID })
          : {},
      { status: 'failed', error: { code: 'STEP_FAILED', message: 'No.', retryable: true } },
    );
    await card.controller.retry('test');
    expect(acts(card)).toEqual([{ name: 'retry_job', args: { job_id: JOB_ID, from_step: 'test' } }]);
    await card.until(() => card.calls.some(({ name, args }) => name === 'check_job' && args.job_id === next));
    expect(
      card.states.some(({ job }) => job?.jobId === next && job.retriedFrom === JOB_ID && !job.error),
    ).toBe(true);
  });

  test('answers a question', async () => {
    const card = await open(() => jobResult({ status: 'running', progress: 0.6 }), {
      status: 'input_required',
      input_requests: { approve: { message: 'Release?', schema: { type: 'object', properties: {} } } },
    });
    expect(card.state().job?.requests).toHaveLength(1);
    const answer = { action: 'accept', content: { approve: true } } as const;
    await card.controller.answer('approve', answer);
    expect(acts(card)).toEqual([
      { name: 'answer_job', args: { job_id: JOB_ID, answers: { approve: answer } } },
    ]);
    expect(card.states.some(({ job }) => job?.progress === 0.6 && job.requests.length === 0)).toBe(true);
  });

  test('sees why the service refused it', async () => {
    const card = await open(() => errorResult('JOB_ALREADY_ENDED'));
    await card.controller.cancel();
    expect(card.state()).toMatchObject({
      refusal: { act: 'cancel', error: { code: 'JOB_ALREADY_ENDED' } },
      busy: undefined,
    });
  });

  test('sees when the host does not answer, and does one thing at a time', async () => {
    const card = await open(
      () => new Promise(() => {}),
      {},
      { times: { ...IMPATIENT, connectTimeoutMs: 5_000, callTimeoutMs: 5_000 } },
    );
    const first = card.controller.cancel();
    await card.controller.retry();
    await first;
    expect(acts(card)).toHaveLength(1);
    expect(card.state()).toMatchObject({
      refusal: { act: 'cancel', error: { code: 'HOST_SILENT' } },
      busy: undefined,
    });
  });

  test('opens a file through the host', async () => {
    const url = 'https://bucket.example/a?x=1';
    const card = await open(() => ({
      content: [],
      structuredContent: { files: [{ name: 'a', size: 1, url }] },
    }));
    await card.controller.openFile('a');
    expect(acts(card)).toEqual([{ name: 'get_file', args: { job_id: JOB_ID, name: 'a' } }]);
    expect(card.opened).toEqual([url]);
  });

  test('gets the address of a file where the host opens no pages', async () => {
    const card = await open(
      () => ({ content: [], structuredContent: { files: [{ url: 'https://bucket.example/a' }] } }),
      {},
      {
        capabilities: { serverTools: {} },
      },
    );
    await card.controller.openFile('a');
    expect(card.state().link).toEqual({ name: 'a', url: 'https://bucket.example/a' });
  });

  test.each(['javascript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', '', 7])(
    'never opens %p as a file',
    async (url) => {
      const card = await open(() => ({ content: [], structuredContent: { files: [{ url }] } }));
      await card.controller.openFile('a');
      expect(card.opened).toEqual([]);
      expect(card.state()).toMatchObject({ refusal: { act: 'file:a' }, link: undefined });
    },
  );
});

test('a check that began before an act does not undo it', async () => {
  let finish = (_: unknown) => {};
  let checks = 0;
  const card = await openCard(({ name }) => {
    if (name === 'cancel_job') return jobResult({ status: 'cancelled' });
    checks++;
    if (checks === 1) return checked({ progress: 0.1 });
    if (checks === 2) return new Promise((resolve) => (finish = resolve));
    return checked({ status: 'cancelled', progress: 0.1 });
  });
  await card.bridge.sendToolResult(jobResult({ status: 'running' }) as never);
  await card.until(() => checks === 2);
  await card.controller.cancel();
  finish(checked({ progress: 0.2 }));
  await card.until(() => checks === 3);
  const after = card.states.slice(card.states.findIndex(({ job }) => job?.status === 'cancelled'));
  expect(new Set(after.map(({ job }) => job?.status))).toEqual(new Set(['cancelled']));
});

test('stops when the host removes the card', async () => {
  const card = await openCard(() => checked({ poll_after_ms: 1 }));
  await card.bridge.sendToolResult(jobResult({ status: 'running' }) as never);
  await card.until(() => card.calls.length > 1);
  await card.bridge.teardownResource({});
  await pause(10);
  const count = card.calls.length;
  await pause(30);
  expect(card.calls).toHaveLength(count);
});

test('a card that nobody sees checks nothing, and checks at once when it is seen again', async () => {
  const card = await openCard(() => checked({ progress: 0.5, poll_after_ms: 1 }));
  await card.bridge.sendToolResult(jobResult({ status: 'running', poll_after_ms: 1 }) as never);
  await card.until(({ job }) => job?.progress === 0.5);
  card.controller.pause(true);
  await pause(30);
  const { length } = card.calls;
  await pause(50);
  expect(card.calls).toHaveLength(length);
  card.controller.pause(false);
  await pause(50);
  expect(card.calls.length).toBeGreaterThan(length);
});
