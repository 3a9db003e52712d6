/** Defines methods of MCP Events: their dependencies, and how they check the scope and map errors. */
import type * as z from 'zod';
import type { OperationDefinition } from '../../definition/operation-definition.ts';
import type { OwnerSlots } from '../../shared/aws/owner-slots.ts';
import { requireScopes, type Scope } from '../../shared/caller.ts';
import type { AddressPolicy } from '../../shared/http/address-guard.ts';
import type { DeliveryQueue } from '../../webhooks/deliveries/delivery-queue.ts';
import type { DeliveryStore } from '../../webhooks/deliveries/delivery-store.ts';
import type { EndpointStore } from '../../webhooks/endpoints/endpoint-store.ts';
import type { SecretSeal } from '../../webhooks/endpoints/secret-seal.ts';
import type { ProtocolMethod } from '../protocol-method.ts';
import { toProtocolError } from './errors.ts';

/** Identifier of the extension. Its proposal is SEP-3415, a draft. */
export const EVENTS_EXTENSION = 'io.modelcontextprotocol/events';

export interface EventDependencies {
  readonly operations: readonly OperationDefinition[];
  readonly endpoints: EndpointStore;
  readonly deliveries: DeliveryStore;
  /** Asks the only function that sends requests to receivers to verify one. */
  readonly queue: Pick<DeliveryQueue, 'send'>;
  readonly seal: SecretSeal;
  /** Limits how many receivers of an owner are verified at once. */
  readonly waits: Pick<OwnerSlots, 'run'>;
  readonly addressPolicy: AddressPolicy;
  /** Epoch milliseconds. @default Date.now */
  readonly now?: () => number;
  /** Waits, in milliseconds. @default a timer */
  readonly pause?: (milliseconds: number) => Promise<unknown>;
}

/** Creates a method from its schema. `call` receives the parsed parameters. */
export function defineEventMethod<Params extends z.ZodObject>(spec: {
  readonly method: string;
  /** The scopes that the caller's token needs. */
  readonly scopes: readonly Scope[];
  readonly params: Params;
  readonly call: (params: z.output<Params>, owner: string) => Promise<Record<string, unknown>>;
}): ProtocolMethod {
  const { method, scopes, params } = spec;
  return {
    method,
    params,
    async call(parsed, caller) {
      try {
        requireScopes(caller, scopes);
        return await spec.call(parsed as z.output<Params>, caller.owner);
      } catch (error) {
        throw toProtocolError(method, error);
      }
    },
  };
}
