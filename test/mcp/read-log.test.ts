/** Checks `read_log` without a cloud: which logs it finds while a job runs and after its end, and which part it returns. */
import type { Job } from '../../lambdas/jobs/job.ts';
import { readLogTool } from '../../lambdas/mcp/tools/read-log.ts';
import { buildOperation as operation } from '../support/build-operation.ts';
import { MemoryFiles } from '../support/memory-files.ts';

const jobId = '11112222-3333-4444-8555-666677778888';
const startedAt = '2026-01-01T00:00:00.500Z';

/** Reads a job's log. Files of the workspace are by name. */
async function readLog(
  job: Partial<Job>,
  files: Readonly<Record<string, string>>,
  args: Readonly<Record<string, unknown>> = {},
): Promise<Readonly<Record<string, unknown>>> {
  const workspace = new MemoryFiles();
  for (const [name, text] of Object.entries(files)) {
    const isOld = text.includes('of an expired job');
    workspace.put(`logs/${jobId}/${name}.log`, text, Date.parse(startedAt) + (isOld ? -1_000 : 1_000));
  }
  const tool = readLogTool({
    jobs: {
      watch: async () => {},
      get: async (owner: string) =>
        owner === 'ada' ? { jobId, operation: 'build', startedAt, ...job } : undefined,
    },
    operations: [operation],
    pollRateLimiter: { check: () => {} },
    workspace,
  } as never);
  const caller = { owner: 'ada', scopes: ['jobs:read'] };
  const result = await tool.call({ job_id: jobId, ...args }, caller, {} as never);
  if (!('structured' in result)) throw new Error('It asks questions.');
  expect(workspace.lists).toBeLessThanOrEqual(1);
  return { ...result.structured, next: result.next, shown: result.text };
}

const stored = (files: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(files).map(([step, text]) => [
      step,
      { key: `logs/${jobId}/${step}.log`, size: text.length, sha256: '' },
    ]),
  );

test('while the job runs, its steps show what they have printed, and the place to read on', async () => {
  const files = {
    install: 'added 3\n',
    'install/00': 'added',
    'compile/00': 'attempt',
    'compile/01': ' 0\n',
    'compile/02': 'of an expired job\n',
    test: 'of an expired job\n',
  };
  const log = await readLog({ status: 'running', step: 'compile' }, files);
  const text = '== install ==\nadded 3\n== compile ==\nattempt 0\n';
  expect(log).toMatchObject({
    status: 'running',
    steps: ['install', 'compile'],
    text,
    start: 0,
    end: text.length,
    size: text.length,
    next: `The job is running: for newer lines, call read_log with after ${text.length} in 10 s.`,
  });
  expect(log.shown).toBe(text.trimEnd());
  expect(await readLog({ status: 'running', step: 'compile' }, files, { after: 50 })).toMatchObject({
    text: '',
    end: text.length,
  });
});

test('a job that has not printed yet says when to ask again', async () => {
  const next = expect.stringMatching(
    /^The job is \w+: for newer lines, call read_log with after 0 in 10 s\.$/,
  );
  expect(await readLog({ status: 'running', step: 'install' }, {})).toMatchObject({ text: '', next });
  expect(await readLog({ status: 'pending', startedAt: undefined }, {})).toMatchObject({ text: '', next });
});

test('after the end, the record says which logs there are, in the order of the steps', async () => {
  const files = { test: 'ok\n', install: 'added 3\n' };
  const log = await readLog({ status: 'completed', step: 'test', logs: stored(files) }, files);
  expect(log).toMatchObject({
    steps: ['install', 'test'],
    text: '== install ==\nadded 3\n== test ==\nok\n',
    next: 'This is the whole log.',
  });
});

test('a cancelled job has the logs of the workspace', async () => {
  const log = await readLog({ status: 'cancelled', step: 'compile' }, { install: 'added 3\n' });
  expect(log).toMatchObject({ steps: ['install'], text: '== install ==\nadded 3\n' });
});

test('a step that crashed has what it had printed before, and a failed attempt its whole log', async () => {
  const files = { install: 'added 3\n', 'compile/00': 'before the crash\n' };
  const { install, compile } = stored({ install: files.install, compile: 'failed\n' });
  const crashed = await readLog({ status: 'failed', step: 'compile', logs: { install } as never }, files);
  const heading = '== install ==\nadded 3\n== compile ==\n';
  expect(crashed).toMatchObject({ text: `${heading}before the crash\n`, next: 'This is the whole log.' });
  const failed = { status: 'failed', step: 'compile', logs: { install, compile } as never } as const;
  expect(await readLog(failed, { ...files, compile: 'failed\n' })).toMatchObject({
    text: `${heading}failed\n`,
  });
});

test('one step is read without the names of steps, by lines or from a byte', async () => {
  const files = { install: Array.from({ length: 300 }, (_, index) => `line ${index}\n`).join('') };
  const job = { status: 'completed', step: 'test', logs: stored(files) } as const;
  const tail = await readLog(job, files, { step: 'install', tail: 2 });
  expect(tail).toMatchObject({
    text: 'line 298\nline 299\n',
    next: 'This is the end. For the start, call read_log with after 0.',
  });
  const byDefault = await readLog(job, files, { step: 'install' });
  expect(String(byDefault.text).split('\n')).toHaveLength(101);
  const start = await readLog(job, files, { step: 'install', after: 7 });
  expect(start.text).toMatch(/^line 1\nline 2\n/);
});

test('each part has at most 16 KiB, and the parts make up the log', async () => {
  const files = { install: 'ä€😀 and so on\n'.repeat(3_000) };
  const size = Buffer.byteLength(files.install);
  const logs = { install: { key: `logs/${jobId}/install.log`, size, sha256: '' } };
  const job = { status: 'completed', step: 'test', logs } as const;
  let text = '';
  for (let after = 0; after < size; ) {
    const part = await readLog(job, files, { step: 'install', after });
    expect(Buffer.byteLength(String(part.text))).toBeLessThanOrEqual(16 * 1024);
    text += part.text;
    after = Number(part.end);
    if (after < size) expect(part.next).toBe(`Read on to byte ${size}: call read_log with after ${after}.`);
  }
  expect(text).toBe(files.install);
  const tail = await readLog(job, files, { tail: 1_000 });
  expect(Buffer.byteLength(String(tail.text))).toBeLessThanOrEqual(16 * 1024);
});

test('a log that could not be stored leaves the last lines of the record', async () => {
  const log = await readLog({ status: 'failed', step: 'install', logTail: ['npm error', 'end'] }, {});
  expect(log).toMatchObject({ steps: [], text: 'npm error\nend\n' });
  expect(await readLog({ status: 'completed', step: 'test' }, {})).toMatchObject({
    text: '',
    next: 'The job printed nothing.',
  });
});

test.each([
  [
    'an unknown step',
    { step: 'deploy' },
    /^step: build has no step "deploy"\. Choose one of: install, compile, test\.$/,
  ],
  ['tail and after', { tail: 3, after: 0 }, /^tail and after exclude each other/],
  ['too many lines', { tail: 1_001 }, /tail/],
  ['an unknown job', { job_id: 'nothing' }, /^Job not found/],
])('%s is refused', async (_what, args, message) => {
  await expect(readLog({ status: 'running', step: 'install' }, {}, args)).rejects.toThrow(message);
});
