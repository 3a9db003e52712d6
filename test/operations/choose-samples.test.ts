/** The sample operations that an app deploys, by its CDK context. */
import { chooseSamples } from '../../lambdas/operations/choose-samples.ts';
import { operations } from '../../lambdas/operations/index.ts';

const choose = (context: Readonly<Record<string, unknown>>) => chooseSamples((key) => context[key]);
const ALWAYS = ['build', 'deploy', 'download', 'read_file', 'search', 'upload'];

test('without a context, no operation is offered that can only refuse', () => {
  expect(choose({})).toEqual(ALWAYS);
});

test('migrate comes with its tables, and call_api with its APIs', () => {
  expect(choose({ migrateTables: 'orders' })).toEqual([...ALWAYS, 'migrate']);
  expect(choose({ apiConnections: 'crm https://crm.example.com arn' })).toEqual([...ALWAYS, 'call_api']);
});

test('every sample of the catalogue can be offered', () => {
  const all = choose({ migrateTables: 'orders', apiConnections: 'crm https://crm.example.com arn' });
  expect([...all].sort()).toEqual(operations.map(({ name }) => name).sort());
});

test('the context names the operations', () => {
  expect(choose({ operations: 'build, search' })).toEqual(['build', 'search']);
});

test('an operation that lacks what it needs is refused by name', () => {
  expect(() => choose({ operations: 'migrate' })).toThrow(
    'operations: "migrate" needs migrateTables, which is not set: give -c migrateTables=…, or leave migrate out.',
  );
});
