/** Tests that an input is shown without the properties that its operation marks as secret. */
import * as z from 'zod';
import type { OperationDefinition } from '../../lambdas/definition/operation-definition.ts';
import { visibleInput } from '../../lambdas/definition/visible-input.ts';

const secret = z.string().meta({ writeOnly: true });
const operation = {
  input: z.object({
    project: z.string(),
    password: z.string().meta({ format: 'password' }).optional(),
    logins: z.array(z.object({ user: z.string(), token: secret })).optional(),
    variables: z.record(z.string(), secret).optional(),
    target: z.union([z.object({ key: secret }), z.object({ name: z.string() })]).optional(),
    certificate: z.object({ pem: z.string() }).meta({ writeOnly: true }).optional(),
  }),
} as unknown as OperationDefinition;

test('secrets are hidden at every depth, and the rest is as given', () => {
  const input = {
    project: 'web',
    password: 'hunter2',
    logins: [{ user: 'ada', token: 'hunter2' }],
    variables: { TOKEN: 'hunter2', constructor: 'hunter2' },
    target: { key: 'hunter2' },
    certificate: { pem: 'hunter2' },
    extra: { kept: true },
  };
  const shown = visibleInput(operation, input);
  expect(JSON.stringify(shown)).not.toContain('hunter2');
  expect(shown).toEqual({
    project: 'web',
    password: '(hidden)',
    logins: [{ user: 'ada', token: '(hidden)' }],
    variables: { TOKEN: '(hidden)', constructor: '(hidden)' },
    target: { key: '(hidden)' },
    certificate: '(hidden)',
    extra: { kept: true },
  });
});

test('of an operation that is gone, nothing is shown', () => {
  expect(visibleInput(undefined, { password: 'hunter2' })).toBeUndefined();
});
