/** Declares what the tools need. */

import type { OperationDefinition } from '../../definition/operation-definition.ts';
import type { Observer } from '../../executions/execution-progress.ts';
import type { Executions } from '../../executions/executions.ts';
import type { Calls } from '../../executions/sync-calls.ts';
import type { JobStore } from '../../jobs/job-store.ts';
import type { JobLimits } from '../../jobs/limits.ts';
import type { PollIntervals } from '../../jobs/poll-intervals.ts';
import type { AddressPolicy } from '../../shared/http/address-guard.ts';
import type { Pace } from '../../shared/rate-limiter.ts';
import type { DeliveryStore } from '../../webhooks/deliveries/delivery-store.ts';
import type { WorkspaceLinks } from '../../workspace/workspace-links.ts';

export interface ToolDependencies {
  readonly operations: readonly OperationDefinition[];
  readonly jobs: JobStore;
  readonly executions: Executions;
  readonly observer: Observer;
  readonly calls: Calls;
  readonly callPace: Pace;
  readonly limits: JobLimits;
  readonly pace: Pace;
  readonly polls: PollIntervals;
  readonly workspace: WorkspaceLinks;
  readonly deliveries: DeliveryStore;
  readonly addressPolicy: AddressPolicy;
}
