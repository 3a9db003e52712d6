/** Tests the filters of job lists, which the catalogue defines. */
import * as z from 'zod';
import { defineOperation, type OperationDefinition } from '../../lambdas/definition/index.ts';
import { jobFilters, readJobFilter } from '../../lambdas/definition/job-filters.ts';
import { validationMessage } from '../../lambdas/shared/validation-message.ts';

const input = z.object({ project: z.string(), table: z.string() });
const common = { description: 'Works.', input, output: z.object({}), steps: { work: {} } };
const operations: readonly OperationDefinition[] = [
  defineOperation({ ...common, name: 'build', subject: 'project' }),
  defineOperation({ ...common, name: 'deploy', subject: 'project', retired: true }),
  defineOperation({ ...common, name: 'migrate', subject: 'table' }),
  defineOperation({ ...common, name: 'nap' }),
];
const schema = z.strictObject(jobFilters(operations));

test('are the operation, the status and each subject', () => {
  expect(Object.keys(schema.shape)).toEqual(['operation', 'status', 'project', 'table']);
  const given = schema.parse({ operation: 'deploy', status: 'failed', table: 'orders' });
  expect(readJobFilter(operations, given)).toEqual({
    operation: 'deploy',
    status: 'failed',
    subjects: [{ name: 'table', value: 'orders' }],
  });
  expect(readJobFilter(operations, schema.parse({}))).toEqual({ subjects: [] });
});

test.each([
  [{ operation: 'biuld' }, 'operation: must be one of build, deploy, migrate, nap.'],
  [{ status: 'done' }, 'status: Invalid option: expected one of "pending"|"running"|"input_required"|'],
  [{ project: '' }, 'project: '],
  [{ colour: 'red' }, 'Unrecognized key: "colour".'],
])('%j is refused with what is valid', (given, message) => {
  const { error } = schema.safeParse(given);
  expect(error && validationMessage(error)).toContain(message);
});
