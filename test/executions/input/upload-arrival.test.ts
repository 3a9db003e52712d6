/** Tests that an arrived file answers its request, and that other files do not. */

import { jest } from '@jest/globals';
import { acceptUpload } from '../../../lambdas/executions/input/accept-upload.ts';
import { receiveUpload } from '../../../lambdas/executions/input/receive-upload.ts';
import type { Job } from '../../../lambdas/jobs/job.ts';
import type { JobStore } from '../../../lambdas/jobs/job-store.ts';
import { log } from '../../../lambdas/shared/observability/log.ts';

const ID = '7d5fbf9e-0000-4000-8000-000000000001';
const file = { size: 5, version: 'etag' };
const request = { step: 'take', message: 'A file.', upload: { key: `uploads/${ID}`, maxBytes: 5 } };
const declined = { action: 'decline' } as const;
const waiting = {
  jobId: ID,
  status: 'input_required',
  inputRequests: { first: { step: 'ask', message: 'Ok?', schema: {} }, file: request },
  answers: { first: declined },
} as unknown as Job;

afterEach(() => jest.restoreAllMocks());

let found: string[];
let written: unknown[];

function dependencies(job: Job | undefined, stored: typeof file | undefined = file) {
  found = [];
  written = [];
  return {
    jobs: {
      find: async (jobId: string) => {
        found.push(jobId);
        return job;
      },
      answer: async (...args: unknown[]) => {
        written.push(args);
        return { ...waiting, status: 'running' };
      },
    } as unknown as JobStore,
    workspace: {
      find: async (key: string) => {
        found.push(key);
        return stored;
      },
    },
  };
}

test('a file answers its request and keeps the other answers', async () => {
  expect(await acceptUpload(dependencies(waiting), ID)).toMatchObject({ status: 'running' });
  expect(found).toEqual([ID, `uploads/${ID}`]);
  expect(written).toEqual([[waiting, { first: declined, file: { action: 'accept', content: file } }, true]]);
});

test.each([
  ['the job is gone', undefined, file],
  ['the job waits for no file', { ...waiting, status: 'running' } as Job, file],
])('nothing is written when %s', async (_what, job, stored) => {
  expect(await acceptUpload(dependencies(job, stored), ID)).toBeUndefined();
  expect([found, written]).toEqual([[ID], []]);
});

test('nothing is written when there is no file', async () => {
  const { jobs } = dependencies(waiting);
  const workspace = { find: async () => undefined };
  expect(await acceptUpload({ jobs, workspace }, ID)).toBeUndefined();
  expect(written).toEqual([]);
});

describe('an event of S3', () => {
  const receive = (key: string, job: Job | undefined = waiting) =>
    receiveUpload(dependencies(job), { detail: { object: { key } } });

  test('resumes the job of its key', async () => {
    const warn = jest.spyOn(log, 'warn').mockImplementation(() => {});
    await receive(`uploads/${ID}`);
    expect(written).toHaveLength(1);
    expect(warn).not.toHaveBeenCalled();
  });

  test('for no job reads nothing and is logged', async () => {
    const warn = jest.spyOn(log, 'warn').mockImplementation(() => {});
    await receive('uploads/other');
    expect(found).toEqual([]);
    expect(warn).toHaveBeenCalledWith('A file arrived that no job waits for', { key: 'uploads/other' });
  });

  test('for a job that does not wait is logged', async () => {
    const warn = jest.spyOn(log, 'warn').mockImplementation(() => {});
    await receive(`uploads/${ID}`, { ...waiting, status: 'completed' });
    expect(warn).toHaveBeenCalledTimes(1);
  });
});
