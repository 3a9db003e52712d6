/** The CDK app with the conformance suite's fixture tools. */
import { App } from 'aws-cdk-lib';
import { AsyncOperationsStack } from '../../lib/async-operations-stack.ts';
import { loadOperations } from '../../lib/catalogue.ts';

new AsyncOperationsStack(new App(), 'AsyncOperationsConformance', {
  authorization: { mode: 'iam' },
  operations: await loadOperations(new URL('./catalogue/index.ts', import.meta.url)),
  // The suite polls five times a second, whatever `pollIntervalMs` says.
  limits: { checksPerSecond: 100, callsPerSecond: 100 },
});
