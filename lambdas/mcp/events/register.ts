/** Puts a subscription or a mailbox on record; when an owner's are too many, one that has lapsed gives way. */
import { AppError, ErrorCode } from '../../shared/errors.ts';
import type { Endpoint } from '../../webhooks/endpoint.ts';
import type { EndpointStore } from '../../webhooks/endpoint-store.ts';
import { hasLapsed } from './lifetime.ts';

/**
 * Clients that come back under a new URL each time leave records behind that are kept for their history alone: these
 * must not lock their owner out.
 * @throws AppError RESOURCE_EXHAUSTED when all are alive.
 */
export async function register(
  endpoints: EndpointStore,
  endpoint: Parameters<EndpointStore['put']>[0],
  nowMs: number,
): Promise<Endpoint> {
  try {
    return await endpoints.put(endpoint);
  } catch (error) {
    if (!(error instanceof AppError && error.code === ErrorCode.resourceExhausted)) throw error;
    const { owner, endpointId } = endpoint;
    const [longestLapsed] = (await endpoints.list(owner))
      .filter((other) => other.endpointId !== endpointId && hasLapsed(other, nowMs))
      .sort((a, b) => String(a.refreshBefore).localeCompare(String(b.refreshBefore)));
    if (!longestLapsed) throw error;
    await endpoints.remove(owner, longestLapsed.endpointId);
    return endpoints.put(endpoint);
  }
}
