/** Every tool that the server offers, made from the catalogue, in a fixed order. */
import type { Calls } from '../../executions/sync-calls.ts';
import type { Executions } from '../../executions/executions.ts';
import type { JobStore } from '../../jobs/job-store.ts';
import type { JobLimits } from '../../jobs/limits.ts';
import type { Observer } from '../../executions/execution-progress.ts';
import type { Pace } from '../../shared/rate-limiter.ts';
import type { PollIntervals } from '../../jobs/poll-intervals.ts';
import type { WorkspaceLinks } from '../../workspace/workspace-links.ts';
import type { OperationDefinition } from '../../definition/define-operation.ts';
import type { AddressPolicy } from '../../shared/http/address-guard.ts';
import type { DeliveryStore } from '../../webhooks/deliveries/delivery-store.ts';
import type { Tool } from '../tool.ts';
import { answerJobTool } from './answer-job.ts';
import { syncFirstTool, syncTool } from './call-operation.ts';
import { cancelJobTool } from './cancel-job.ts';
import { checkJobTool } from './check-job.ts';
import { listDeliveriesTool } from './list-deliveries.ts';
import { listJobsTool } from './list-jobs.ts';
import { startTool } from './start-operation.ts';

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

/** How an operation is asked for, by its policy. */
const TOOLS = { sync: syncTool, sync_first: syncFirstTool, job: startTool } as const;

export function createTools(dependencies: ToolDependencies): readonly Tool[] {
  return [
    ...dependencies.operations.map((operation) => TOOLS[operation.execution.mode](operation, dependencies)),
    checkJobTool(dependencies),
    listJobsTool(dependencies),
    answerJobTool(dependencies),
    cancelJobTool(dependencies),
    listDeliveriesTool(dependencies),
  ];
}
