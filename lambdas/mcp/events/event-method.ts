/** What the methods of MCP Events have in common: what they need, and how they fail. */
import type * as z from 'zod';
import type { OperationDefinition } from '../../definition/operation-definition.ts';
import { requireScope, type Scope } from '../../shared/caller.ts';
import type { AddressPolicy } from '../../shared/http/address-guard.ts';
import type { DeliveryQueue } from '../../webhooks/deliveries/delivery-queue.ts';
import type { DeliveryStore } from '../../webhooks/deliveries/delivery-store.ts';
import type { EndpointStore } from '../../webhooks/endpoints/endpoint-store.ts';
import type { SecretSeal } from '../../webhooks/endpoints/secret-seal.ts';
import type { ProtocolMethod } from '../protocol-method.ts';
import { toProtocolError } from './errors.ts';

/** The extension's identifier; its proposal is SEP-3415, a draft. */
export const EVENTS_EXTENSION = 'io.modelcontextprotocol/events';

export interface EventDependencies {
  readonly operations: readonly OperationDefinition[];
  readonly endpoints: EndpointStore;
  readonly deliveries: DeliveryStore;
  /** Asks the one function that calls out to verify a receiver. */
  readonly queue: Pick<DeliveryQueue, 'send'>;
  readonly seal: SecretSeal;
  readonly addressPolicy: AddressPolicy;
  /** Epoch milliseconds. @default Date.now */
  readonly now?: () => number;
  /** Waits for so many milliseconds. @default a timer */
  readonly pause?: (milliseconds: number) => Promise<unknown>;
}

/** A method from its schema; what the function takes is what the schema gives. */
export function defineEventMethod<Params extends z.ZodObject>(spec: {
  readonly method: string;
  /** What a caller's token has to allow. */
  readonly scope: Scope;
  readonly params: Params;
  readonly call: (params: z.output<Params>, owner: string) => Promise<Record<string, unknown>>;
}): ProtocolMethod {
  const { method, scope, params } = spec;
  return {
    method,
    params,
    async call(given, caller) {
      try {
        requireScope(caller, scope);
        return await spec.call(given as z.output<Params>, caller.owner);
      } catch (error) {
        throw toProtocolError(method, error);
      }
    },
  };
}
