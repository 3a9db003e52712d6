/** Tests the last lines of a job that runs. */
import type { Job } from '../../lambdas/jobs/job.ts';
import { withLastLines } from '../../lambdas/workspace/logs/last-lines.ts';
import { buildOperation as operation } from '../support/build-operation.ts';
import { MemoryFiles } from '../support/memory-files.ts';

const running = { jobId: 'job', status: 'running', startedAt: '2026-01-01T00:00:00.000Z' } as Job;

test('they are those of the last step that has printed', async () => {
  const files = new MemoryFiles();
  files.put('logs/job/install.log', 'added 3\n');
  files.put('logs/job/compile/00.log', `${'x'.repeat(300)}\n${'line\n'.repeat(30)}last`);
  const { logTail = [] } = await withLastLines(running, operation, files);
  expect(logTail).toHaveLength(20);
  expect(logTail.at(-1)).toBe('last');
  expect(files.lists).toBe(1);
});

test('a long line is cut', async () => {
  const files = new MemoryFiles();
  files.put('logs/job/install.log', 'x'.repeat(1_000_000));
  const { logTail = [] } = await withLastLines(running, operation, files);
  expect(logTail[0]?.length).toBeLessThanOrEqual(200);
});

test('an ended job, and one that has printed nothing, stay as they are', async () => {
  const files = new MemoryFiles();
  expect(await withLastLines(running, operation, files)).toBe(running);
  const ended = { ...running, status: 'completed', logTail: ['done'] } as Job;
  expect(await withLastLines(ended, operation, files)).toBe(ended);
  expect(files.lists).toBe(1);
});
