/**
 * Creates roles whose permissions are part of the role. CDK would add one policy resource a role, and a stack has room for 500
 * resources.
 */
import {
  type AddToPrincipalPolicyResult,
  PolicyDocument,
  type PolicyStatement,
  Role,
  ServicePrincipal,
} from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { dependOnPolicies } from './depend-on-policies.ts';

/** A role that a service assumes, with inline permissions. */
export class CompactRole extends Role {
  readonly #permissions: PolicyDocument;
  #isSealed = false;
  #isFrozen = false;

  /** @param service such as `lambda.amazonaws.com` */
  constructor(scope: Construct, id: string, service: string) {
    const permissions = new PolicyDocument();
    super(scope, id, {
      assumedBy: new ServicePrincipal(service),
      inlinePolicies: { Permissions: permissions },
    });
    this.#permissions = permissions;
    dependOnPolicies(this);
  }

  /** Adds a permission, also to a frozen role. */
  allow(statement: PolicyStatement): void {
    this.#permissions.addStatements(statement);
  }

  /** Ignores the permissions that CDK adds for what uses the role: it has all of them. */
  freeze(): void {
    this.#isFrozen = true;
  }

  /**
   * Lets later permissions go to a policy resource of their own. Resources of the app may refer to the function of the role;
   * a role that refers to them in turn would be a circular dependency.
   */
  seal(): void {
    this.#isSealed = true;
  }

  override addToPrincipalPolicy(statement: PolicyStatement): AddToPrincipalPolicyResult {
    if (this.#isSealed) return super.addToPrincipalPolicy(statement);
    if (!this.#isFrozen) this.allow(statement);
    return { statementAdded: true, policyDependable: this };
  }
}
