/** Finds the resources of a template that the local cloud does not run, such as a database or a VPC. */
import type { Template } from './assembly.ts';
import { isKnownType } from './resource-names.ts';

/** A resource that the local cloud does not run. */
export interface NotRunResource {
  readonly logicalId: string;
  /** CloudFormation type: `AWS::RDS::DBInstance`. */
  readonly type: string;
}

export function findNotRun({ Resources }: Template): readonly NotRunResource[] {
  return Object.entries(Resources).flatMap(([logicalId, { Type }]) =>
    isKnownType(Type) ? [] : [{ logicalId, type: Type }],
  );
}
