/** Defines the filters of job lists: operation, status, and the subjects of the catalogue's operations. */
import * as z from 'zod';
import { JobStatus } from '../jobs/job.ts';
import type { JobFilter } from '../jobs/list-jobs.ts';
import type { OperationDefinition } from './operation-definition.ts';

/** @returns the arguments of a list that filter it */
export function jobFilters(operations: readonly OperationDefinition[]) {
  const names = operations.map(({ name }) => name);
  return {
    operation: z
      .string()
      .refine((name) => names.includes(name), { error: `must be one of ${names.join(', ')}` })
      .optional(),
    status: z.enum(JobStatus).optional(),
    ...Object.fromEntries(
      subjectNames(operations).map((name) => [name, z.string().min(1).optional()] as const),
    ),
  };
}

/** @param given arguments that match `jobFilters` */
export function readJobFilter(
  operations: readonly OperationDefinition[],
  given: Readonly<Record<string, unknown>>,
): JobFilter {
  const { operation, status } = given as Pick<JobFilter, 'operation' | 'status'>;
  const subjects = subjectNames(operations).flatMap((name) => {
    const value = given[name];
    return typeof value === 'string' ? [{ name, value }] : [];
  });
  return { operation, status, subjects };
}

function subjectNames(operations: readonly OperationDefinition[]): readonly string[] {
  return [...new Set(operations.flatMap(({ subject }) => subject ?? []))];
}
