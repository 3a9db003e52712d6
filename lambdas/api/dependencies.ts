/** Declares what the routes of the management API need. */

import type { ExecutionProgress } from '../executions/execution-progress.ts';
import type { RetryDependencies } from '../executions/retry/retry-job.ts';
import type { PollIntervals } from '../jobs/poll-intervals.ts';
import type { OwnerSlots } from '../shared/aws/owner-slots.ts';
import type { AddressPolicy } from '../shared/http/address-guard.ts';
import type { RateLimiter } from '../shared/rate-limiter.ts';
import type { CardIdentity } from '../shared/server-identity.ts';
import type { DeliveryQueue } from '../webhooks/deliveries/delivery-queue.ts';
import type { DeliveryStore } from '../webhooks/deliveries/delivery-store.ts';
import type { EndpointStore } from '../webhooks/endpoints/endpoint-store.ts';
import type { SecretSeal } from '../webhooks/endpoints/secret-seal.ts';
import type { SigningKeys } from '../webhooks/signing/signing-keys.ts';
import type { WorkspaceLinks } from '../workspace/workspace-links.ts';
import type { ConsolePage } from './console-page.ts';
import type { ApiRequest } from './request.ts';
import type { ApiResponse } from './response.ts';

export interface ApiDependencies extends RetryDependencies {
  readonly executionProgress: ExecutionProgress;
  readonly pollRateLimiter: RateLimiter;
  readonly polls: PollIntervals;
  readonly workspace: WorkspaceLinks;
  readonly endpoints: EndpointStore;
  readonly deliveries: DeliveryStore;
  readonly queue: DeliveryQueue;
  readonly signingKeys: SigningKeys;
  readonly seal: SecretSeal;
  /** Limits the requests of an owner whose duration others decide. */
  readonly waits: Pick<OwnerSlots, 'run' | 'take'>;
  readonly addressPolicy: AddressPolicy;
  readonly console: ConsolePage;
  /** Undefined when the operator publishes none. */
  readonly serverCard: CardIdentity | undefined;
}

/** @throws AppError; everything else is a bug. */
export type RouteHandler = (request: ApiRequest) => Promise<ApiResponse>;
