/** Tests that an upload key names one record of one job. */
import { jobIdOfUpload, UPLOADS_PREFIX, uploadKey } from '../../lambdas/jobs/upload-key.ts';

const jobId = '7d5fbf9e-0000-4000-8000-000000000001';
const createdAt = '2026-01-01T00:00:00.000Z';

test('a key has the prefix of uploads and the name of the execution', () => {
  expect(UPLOADS_PREFIX).toBe('uploads/');
  expect(uploadKey({ jobId, createdAt })).toBe(`uploads/${jobId}`);
  expect(uploadKey({ jobId, createdAt, idempotent: true })).toBe(`uploads/${jobId}-1767225600000`);
});

test('a key leads back to its job', () => {
  expect(jobIdOfUpload(`uploads/${jobId}`)).toBe(jobId);
  expect(jobIdOfUpload(`uploads/${jobId}-1767225600000`)).toBe(jobId);
});

test.each(['', 'uploads/', jobId, `results/${jobId}`, `uploads/x${jobId}`, `uploads/${jobId.slice(1)}`])(
  'the key %j belongs to no job',
  (key) => {
    expect(jobIdOfUpload(key)).toBeUndefined();
  },
);
