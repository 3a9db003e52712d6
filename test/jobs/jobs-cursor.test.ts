/** Tests that the cursor of a job list holds a position and nothing else. */
import { jobsCursor } from '../../lambdas/jobs/jobs-cursor.ts';

const position = { createdAt: '2026-01-01T00:00:00.000Z', jobId: '7d5fbf9e-0000-4000-8000-000000000001' };

test('a position survives its way through the text', () => {
  expect(jobsCursor.decode(jobsCursor.encode(position))).toEqual(position);
});

test.each([
  ['no job id', { ...position, jobId: 'x' }],
  ['no time', { ...position, createdAt: 'yesterday' }],
  ['an owner', { ...position, owner: 'alice' }],
  ['nothing', {}],
])('a cursor with %s is refused', (_what, value) => {
  expect(() => jobsCursor.decode(jobsCursor.encode(value as never))).toThrow();
});
