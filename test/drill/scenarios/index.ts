/** Lists the scenarios: one for each alarm. */
import type { Scenario } from '../scenario.ts';
import { apiScenarios } from './api.ts';
import { jobScenarios } from './jobs.ts';
import { canaryScenarios, costScenarios, objectiveScenarios } from './options.ts';
import { queueScenarios } from './queues.ts';
import { streamScenarios } from './streams.ts';
import { webhookScenarios } from './webhooks.ts';

export const scenarios: readonly Scenario[] = [
  ...apiScenarios,
  ...streamScenarios,
  ...queueScenarios,
  ...jobScenarios,
  ...webhookScenarios,
  ...canaryScenarios,
  ...objectiveScenarios,
  ...costScenarios,
];
