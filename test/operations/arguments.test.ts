/** Tests that every sample takes null, "" and numbers as text for its optional arguments, and what its jobs are about. */
import * as z from 'zod';
import { operations } from '../../lambdas/operations/index.ts';
import { normalizeArguments } from '../../lambdas/shared/normalize-arguments.ts';

const REQUIRED: Readonly<Record<string, object>> = {
  build: { project: 'web' },
  call_api: { connection: 'crm', method: 'GET', path: '/orders' },
  deploy: { project: 'web', build_job_id: 'x', environment: 'staging' },
  download: { project: 'web', url: 'https://example.com/web.tar.gz' },
  migrate: { table: 'orders' },
  read_file: { project: 'web', path: 'a.ts' },
  search: { project: 'web', pattern: 'x' },
  upload: { project: 'web' },
};

describe.each(operations.map((operation) => [operation.name, operation] as const))(
  '%s',
  (name, operation) => {
    const input = z.strictObject(operation.input.shape);
    const required = REQUIRED[name] ?? {};
    const read = (args: object) => input.parse(normalizeArguments(input, { ...required, ...args }));
    const optional = Object.keys(input.shape).filter((property) => !Object.hasOwn(required, property));

    test.each([null, ''])('optional arguments that are %j are left out', (nothing) => {
      const args = Object.fromEntries(optional.map((property) => [property, nothing]));
      expect(read(args)).toEqual(read({}));
    });

    test.each(Object.keys(required))('%s is required: null is an error', (property) => {
      expect(() => read({ [property]: null })).toThrow(property);
    });

    test('its jobs are about one of its required arguments', () => {
      expect(Object.keys(required)).toContain(operation.subject);
    });
  },
);

test.each([
  ['search', { context: '2', case_sensitive: 'false' }, { context: 2, case_sensitive: false }],
  ['read_file', { range: '{"start":"0","end":null}' }, { range: { start: 0 } }],
  ['upload', { size: '123.0' }, { size: 123 }],
  [
    'migrate',
    { set: '{"a":"7"}', remove: 'b', dry_run: 'true' },
    { set: { a: '7' }, remove: ['b'], dry_run: true },
  ],
  ['call_api', { body: '{"a":[1]}' }, { body: { a: [1] } }],
])('%s converts %j', (name, args, expected) => {
  const { input } = operations.find((operation) => operation.name === name) ?? {};
  expect(input?.parse(normalizeArguments(input, { ...REQUIRED[name], ...args }))).toMatchObject(expected);
});

test.each([
  { where: { state: null } },
  { set: { state: null } },
  { rename: { a: null } },
  { where: 'state=old' },
])('migrate refuses %j: without the entry, it would change other items', (args) => {
  const { input } = operations.find(({ name }) => name === 'migrate') ?? {};
  expect(input?.safeParse(normalizeArguments(input, { table: 'orders', ...args })).success).toBe(false);
});
