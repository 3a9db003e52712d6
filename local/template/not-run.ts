/** Finds the resources of a template that the local cloud does not run: a database, a VPC. */
import type { Template } from './assembly.ts';
import { isKnownType } from './resource-names.ts';

export interface NotRunResource {
  readonly logicalId: string;
  readonly type: string;
}

export function notRunIn({ Resources }: Template): readonly NotRunResource[] {
  return Object.entries(Resources).flatMap(([logicalId, { Type }]) =>
    isKnownType(Type) ? [] : [{ logicalId, type: Type }],
  );
}
