/** What a definition fills in, and the types that its steps get from it. */
import * as z from 'zod';
import { defineOperation, type OperationError } from '../../lambdas/definition/index.ts';
import type { StepOf, StepsOf } from '../../lambdas/runner/index.ts';

const smallest = defineOperation({
  name: 'count_words',
  description: 'Counts the words of a text.',
  input: z.object({ text: z.string() }),
  output: z.object({ words: z.number() }),
  steps: { split: { output: z.array(z.string()) }, count: {} },
});

test('the smallest definition has a title, annotations, a policy and time limits', () => {
  expect(smallest).toMatchObject({
    title: 'Count words',
    annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
    execution: { mode: 'job', maxWaitMs: 30_000 },
    steps: { split: { timeoutMs: 60_000 }, count: { timeoutMs: 60_000 } },
  });
});

test('what the author gives stays', () => {
  const given = {
    title: 'Words',
    annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
    execution: { mode: 'job', maxWaitMs: 5_000 },
    steps: { split: { timeoutMs: 2_000, retries: 3 } },
  } as const;
  expect(defineOperation({ ...smallest, ...given })).toMatchObject(given);
});

test('a subject is the name of an input property', () => {
  expect(defineOperation({ ...smallest, subject: 'text' }).subject).toBe('text');
  // @ts-expect-error the input has no such property
  expect(() => defineOperation({ ...smallest, subject: 'words' })).toThrow('Use one of: text.');
});

test('results of earlier steps have the types of their outputs', () => {
  const count: StepOf<typeof smallest, 'count'> = async ({ results }) => {
    const words: readonly string[] = results.split;
    // @ts-expect-error split returns texts
    const numbers: readonly number[] = results.split;
    return { words: words.length + numbers.length };
  };
  const steps: StepsOf<typeof smallest> = {
    // @ts-expect-error split returns a list of texts
    split: async () => 'words',
    count,
  };
  // @ts-expect-error there is no such step
  const unknown: StepsOf<typeof smallest>['merge'] = count;
  expect([typeof steps.count, unknown]).toEqual(['function', count]);
});

test('an error of an operation has an open code', () => {
  const code: OperationError['code'] = 'TEXT_UNREADABLE';
  expect(code).toBe('TEXT_UNREADABLE');
});
