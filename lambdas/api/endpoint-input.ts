/** Validates a caller's endpoint: the schemas of the bodies, and the names of events and operations. */
import * as z from 'zod';
import type { OperationDefinition } from '../definition/operation-definition.ts';
import { type EventType, eventTypes } from '../events/event.ts';
import { AppError, ErrorCode } from '../shared/errors.ts';
import { isEventType } from '../webhooks/endpoints/endpoint.ts';

const url = z.string();
const names = z.array(z.string().max(100)).min(1).max(100);
const description = z.string().max(500);

export const newEndpoint = z.strictObject({
  url,
  events: names.optional(),
  operations: names.optional(),
  description: description.optional(),
});

/** Null has a meaning: all operations, or no description. */
export const endpointChanges = z
  .strictObject({
    url: url.optional(),
    events: names.optional(),
    operations: names.nullable().optional(),
    description: description.nullable().optional(),
    enabled: z.boolean().optional(),
  })
  .refine((changes) => Object.keys(changes).length > 0, 'Name at least one property to change');

/** @returns the events without duplicates @throws AppError INVALID_ARGUMENTS for an unknown type of event */
export function readEvents(given: readonly string[]): readonly EventType[] {
  const unknown = given.find((name) => !isEventType(name));
  if (unknown !== undefined) throw unknownName('events', unknown, 'type of event', eventTypes);
  return [...new Set(given.filter(isEventType))];
}

/** @returns the operations without duplicates @throws AppError INVALID_ARGUMENTS for an unknown operation */
export function readOperations(
  given: readonly string[],
  operations: readonly OperationDefinition[],
): readonly string[] {
  const known = operations.map(({ name }) => name);
  const unknown = given.find((name) => !known.includes(name));
  if (unknown !== undefined) throw unknownName('operations', unknown, 'operation', known);
  return [...new Set(given)];
}

function unknownName(field: string, name: string, what: string, known: readonly string[]): AppError {
  return new AppError(
    ErrorCode.invalidArguments,
    `${field}: unknown ${what} ${JSON.stringify(name)}. Expected one of: ${known.join(', ')}.`,
  );
}
