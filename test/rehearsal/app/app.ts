/** The samples and one operation more, in two versions, to update the deployed stack while jobs run: -c version=first|second */
import { App } from 'aws-cdk-lib';
import { chooseSamples } from '../../../lambdas/operations/choose-samples.ts';
import { AsyncOperationsStack } from '../../../lib/async-operations-stack.ts';
import { loadOperations } from '../../../lib/catalogue.ts';
import { STACK } from '../deployment.ts';

const app = new App();
const version = app.node.getContext('version');
new AsyncOperationsStack(app, STACK, {
  operations: await loadOperations(new URL(`./${version}/index.ts`, import.meta.url), {
    only: [...chooseSamples(() => undefined), 'hold'],
  }),
  authorization: { mode: 'iam' },
});
