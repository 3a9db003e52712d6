/** Creates the CDK app of the samples: one stack with the operations that this deployment supports. */
import { App } from 'aws-cdk-lib';
import { chooseSamples } from '../lambdas/operations/choose-samples.ts';
import { AsyncOperationsStack } from '../lib/async-operations-stack.ts';
import { loadOperations } from '../lib/catalogue.ts';
import { readContext } from '../lib/context.ts';

const app = new App();
const operations = await loadOperations(new URL('../lambdas/operations/index.ts', import.meta.url), {
  only: chooseSamples((key) => app.node.tryGetContext(key)),
});
new AsyncOperationsStack(app, 'AsyncOperations', {
  operations,
  ...(await readContext(app.node, operations)),
});
