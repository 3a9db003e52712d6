/** Checks the list of context keys in the reference against what the code reads. */
import { expect, test } from '@jest/globals';
import { chooseSamples } from '../../lambdas/operations/choose-samples.ts';
import { readContext } from '../../lib/context.ts';
import { contextKeys } from '../../scripts/reference/context-keys.ts';

test('the reference has each key of the CDK context', async () => {
  const read = new Set<string>();
  const tryGetContext = (key: string) => void read.add(key);
  await readContext({ tryGetContext } as never, { operations: [{ stateMachine: {} }] } as never);
  chooseSamples(tryGetContext);
  expect(Object.keys(contextKeys).sort()).toEqual([...read].filter((key) => key !== '').sort());
});
