/** Defines the CDK app of the comparison with peers. */
import { App } from 'aws-cdk-lib';
import { AsyncOperationsStack } from '../../lib/async-operations-stack.ts';
import { loadOperations } from '../../lib/catalogue.ts';
import { HIGH_LIMITS } from '../../test/support/high-limits.ts';

new AsyncOperationsStack(new App(), 'Peers', {
  authorization: { mode: 'iam' },
  operations: await loadOperations(new URL('./catalogue/index.ts', import.meta.url)),
  limits: HIGH_LIMITS,
});
