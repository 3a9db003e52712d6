/** The CDK app of the drill: the stack as operators deploy it, with all optional alarms. */
import { App } from 'aws-cdk-lib';
import { readAuthorization } from '../../lib/access/authorization.ts';
import { AsyncOperationsStack } from '../../lib/async-operations-stack.ts';
import { loadOperations } from '../../lib/catalogue.ts';
import { HIGH_LIMITS } from '../support/high-limits.ts';

const app = new App();
new AsyncOperationsStack(app, 'Drill', {
  operations: await loadOperations(new URL('./catalogue.ts', import.meta.url)),
  authorization: readAuthorization(app.node),
  limits: HIGH_LIMITS,
  // A second attempt at once, so that failing receivers are seen; the third after the drill.
  webhooks: { retrySeconds: [1, 7_200] },
  monitoring: {
    // The machine of a drill has no hundreds of instances.
    thresholds: { concurrentExecutions: 20 },
    canary: { operation: 'echo', input: { text: 'alive' } },
    // One dollar a day, which is more than all jobs of the healthy run.
    budget: { monthlyUsd: 30 },
  },
});
