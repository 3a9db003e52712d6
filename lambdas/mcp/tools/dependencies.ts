/** Declares what the tools need. */

import type { OperationDefinition } from '../../definition/operation-definition.ts';
import type { ExecutionProgress } from '../../executions/execution-progress.ts';
import type { Executions } from '../../executions/executions.ts';
import type { ExecutionQueue } from '../../executions/queue/execution-queue.ts';
import type { ReuseDependencies } from '../../executions/retry/reuse-results.ts';
import type { NotificationReader } from '../../executions/submit.ts';
import type { SyncCalls } from '../../executions/sync-calls.ts';
import type { JobStore } from '../../jobs/job-store.ts';
import type { JobLimits } from '../../jobs/limits.ts';
import type { PollIntervals } from '../../jobs/poll-intervals.ts';
import type { OwnerSlots } from '../../shared/aws/owner-slots.ts';
import type { AddressPolicy } from '../../shared/http/address-guard.ts';
import type { RateLimiter } from '../../shared/rate-limiter.ts';
import type { DeliveryStore } from '../../webhooks/deliveries/delivery-store.ts';
import type { WorkspaceLinks } from '../../workspace/workspace-links.ts';

export interface ToolDependencies {
  readonly operations: readonly OperationDefinition[];
  readonly jobs: JobStore;
  readonly executions: Executions;
  readonly executionQueue: ExecutionQueue;
  readonly executionProgress: ExecutionProgress;
  readonly history: ReuseDependencies['history'];
  readonly calls: SyncCalls;
  readonly callRateLimiter: RateLimiter;
  readonly limits: JobLimits;
  readonly pollRateLimiter: RateLimiter;
  readonly polls: PollIntervals;
  /** Limits the synchronous calls of an owner. They cannot become polls, so waits do not use up their slots. */
  readonly synchronousCalls: OwnerSlots;
  readonly waits: OwnerSlots;
  readonly workspace: WorkspaceLinks;
  readonly deliveries: DeliveryStore;
  readonly notifications: NotificationReader;
  readonly addressPolicy: AddressPolicy;
}
