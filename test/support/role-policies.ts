/** Reads the permissions of roles, which are part of the role or a policy of their own. */
import type { Template } from 'aws-cdk-lib/assertions';

export interface Statement {
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

/** Returns the statements of each role and of each policy, by logical id. */
export function rolePolicies(
  template: Template,
): readonly { id: string; statements: readonly Statement[] }[] {
  const policies = Object.entries(template.findResources('AWS::IAM::Policy')).map(([id, { Properties }]) => ({
    id,
    statements: Properties.PolicyDocument.Statement as Statement[],
  }));
  const roles = Object.entries(template.findResources('AWS::IAM::Role')).map(([id, { Properties }]) => ({
    id,
    statements: (Properties.Policies ?? []).flatMap(
      ({ PolicyDocument }: { PolicyDocument: { Statement: Statement[] } }) => PolicyDocument.Statement,
    ),
  }));
  return [...roles, ...policies];
}
