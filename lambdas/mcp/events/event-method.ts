/** Defines methods of MCP Events: their dependencies, and how they check the scope and map errors. */
import * as z from 'zod';
import type { OperationDefinition } from '../../definition/operation-definition.ts';
import type { OwnerSlots } from '../../shared/aws/owner-slots.ts';
import { requireScopes, type Scope } from '../../shared/caller.ts';
import type { AddressPolicy } from '../../shared/http/address-guard.ts';
import { MAX_CURSOR_CHARACTERS } from '../../webhooks/deliveries/cursor.ts';
import type { DeliveryQueue } from '../../webhooks/deliveries/delivery-queue.ts';
import type { DeliveryStore } from '../../webhooks/deliveries/delivery-store.ts';
import type { EndpointStore } from '../../webhooks/endpoints/endpoint-store.ts';
import type { SecretSeal } from '../../webhooks/endpoints/secret-seal.ts';
import type { ProtocolMethod } from '../protocol-method.ts';
import { toProtocolError } from './errors.ts';

/** Identifier of the extension: SEP-3415, final. */
export const EVENTS_EXTENSION = 'io.modelcontextprotocol/events';

/** Parameters that several methods share. Their limits are far above what they can be. */
export const nameParam = z.string().max(64);
/** The event type validates them. */
export const argumentsParam = z.unknown().optional();
/** Absent means null (SEP-3415, Cursor Lifecycle). */
export const cursorParam = z.string().max(MAX_CURSOR_CHARACTERS).nullish();
export const maxAgeParam = z.int().min(0).nullish();
/** The longest URL that the address policy accepts, and some room for one that it then refuses by name. */
export const urlParam = z.string().max(4_096);

export interface EventDependencies {
  readonly operations: readonly OperationDefinition[];
  readonly endpoints: EndpointStore;
  readonly deliveries: DeliveryStore;
  /** Asks the only function that sends requests to receivers to verify one. */
  readonly queue: Pick<DeliveryQueue, 'send'>;
  readonly seal: SecretSeal;
  /** Limits how many receivers of an owner are verified at once, and how many streams it holds. */
  readonly waits: Pick<OwnerSlots, 'run' | 'take' | 'exhausted'>;
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
