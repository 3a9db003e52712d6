/** Reads the operations of this deployment once. */
import { useEffect, useState } from 'preact/hooks';
import type { OperationInfo } from '../shared/job.ts';
import type { Api } from './api.ts';

let known: readonly OperationInfo[] | undefined;

/** @returns an empty list until they are read, and when they cannot be read */
export function useOperations(api: Api): readonly OperationInfo[] {
  const [operations, setOperations] = useState(known ?? []);
  useEffect(() => {
    if (known) return;
    api.get<{ readonly operations: readonly OperationInfo[] }>('/operations').then(
      (body) => {
        known = body.operations;
        setOperations(known);
      },
      () => {
        // The lists show names instead of titles, and no filter by subject.
      },
    );
  }, [api]);
  return operations;
}
