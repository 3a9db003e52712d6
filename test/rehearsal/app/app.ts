/**
 * The samples and one operation more, in two versions, to update the deployed stack while jobs run: -c version=first|second.
 * `-c restored=true` gives the jobs table another logical id, so that the stack takes over a restored table.
 */
import { App } from 'aws-cdk-lib';
import type { CfnGlobalTable } from 'aws-cdk-lib/aws-dynamodb';
import { chooseSamples } from '../../../lambdas/operations/choose-samples.ts';
import { AsyncOperationsStack } from '../../../lib/async-operations-stack.ts';
import { loadOperations } from '../../../lib/catalogue.ts';
import { RESTORED_JOBS, STACK } from '../deployment.ts';

const app = new App();
const version = app.node.getContext('version');
const { operations } = new AsyncOperationsStack(app, STACK, {
  operations: await loadOperations(new URL(`./${version}/index.ts`, import.meta.url), {
    only: [...chooseSamples(() => undefined), 'hold'],
  }),
  authorization: { mode: 'iam' },
  monitoring: false,
});
if (app.node.tryGetContext('restored') === 'true') {
  (operations.jobsTable.node.defaultChild as CfnGlobalTable).overrideLogicalId(RESTORED_JOBS);
}
