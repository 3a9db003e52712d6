/** Reads the roles of the template, with the rules of all their policies. */
import type { Template } from '../template/assembly.ts';
import type { Resolve } from '../template/intrinsics.ts';
import { BASE_CONTEXT, serviceContext } from './conditions.ts';
import { managedPolicy } from './managed-policies.ts';
import { compilePolicy, type PolicyDocument, type Rule } from './statements.ts';

export interface Role {
  readonly name: string;
  readonly arn: string;
  readonly rules: readonly Rule[];
}

/** A function or a state machine that assumes a role through its service. */
export interface Principal {
  /** ARN of the function or the state machine. */
  readonly arn: string;
  readonly service: 'lambda.amazonaws.com' | 'states.amazonaws.com';
}

interface RoleProperties {
  readonly AssumeRolePolicyDocument: PolicyDocument;
  readonly ManagedPolicyArns?: readonly string[];
  readonly Policies?: readonly { readonly PolicyName: string; readonly PolicyDocument: PolicyDocument }[];
  readonly PermissionsBoundary?: string;
}

const ROLE_PROPERTIES = [
  'AssumeRolePolicyDocument',
  'ManagedPolicyArns',
  'Policies',
  'PermissionsBoundary',
] as const;

/** Reads only the requested roles. Other roles, such as that of a dashboard, may have unsupported policies. */
export function createRoleReader(template: Template, resolve: Resolve) {
  const found = new Map(
    Object.entries(template.Resources)
      .filter(([, { Type }]) => Type === 'AWS::IAM::Role')
      .map(([logicalId]) => [String(resolve({ 'Fn::GetAtt': [logicalId, 'Arn'] })), logicalId]),
  );
  const read = new Map<string, Role>();

  /** @throws Error for a role of another template, one that the principal may not assume, or an unsupported policy */
  return function readRole(roleArn: string, principal: Principal): Role {
    const logicalId = found.get(roleArn);
    if (!logicalId)
      throw new Error(
        `${principal.arn} has the role ${roleArn}, which the template does not define: define it in the stack.`,
      );
    const name = String(resolve({ Ref: logicalId }));
    const { Properties = {} } = template.Resources[logicalId] ?? {};
    const entries = ROLE_PROPERTIES.map((property) => [property, resolve(Properties[property])]);
    const properties = Object.fromEntries(entries) as RoleProperties;
    if (properties.PermissionsBoundary) {
      throw new Error(
        `Role ${name} has a permissions boundary, which the local cloud does not support: remove it.`,
      );
    }
    checkTrust(name, properties.AssumeRolePolicyDocument, principal);
    const known = read.get(roleArn) ?? { name, arn: roleArn, rules: rulesOf(name, properties) };
    read.set(roleArn, known);
    return known;
  };

  function rulesOf(name: string, { ManagedPolicyArns = [], Policies = [] }: RoleProperties): Rule[] {
    const attached = attachedPolicies(template, resolve, name, ManagedPolicyArns);
    const elsewhere = ManagedPolicyArns.filter((policyArn) => !attached.has(policyArn));
    return [
      ...Policies.map(({ PolicyName, PolicyDocument }) => [PolicyName, PolicyDocument] as const),
      ...attached,
      ...elsewhere.map((policyArn) => [policyArn, managedPolicy(name, policyArn)] as const),
    ].flatMap(([policy, document]) => compilePolicy(`Policy ${policy} of role ${name}`, 'role', document));
  }
}

/** Returns the policy documents attached to the role, by the `Ref` of each policy: its ARN or name. */
function attachedPolicies(
  template: Template,
  resolve: Resolve,
  role: string,
  managedArns: readonly string[],
): Map<string, PolicyDocument> {
  const types = ['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy'];
  const attached = Object.entries(template.Resources).flatMap(([logicalId, { Type, Properties = {} }]) => {
    if (!types.includes(Type)) return [];
    const policy = String(resolve({ Ref: logicalId }));
    const roles = (resolve(Properties.Roles) ?? []) as readonly string[];
    if (!roles.includes(role) && !managedArns.includes(policy)) return [];
    return [[policy, resolve(Properties.PolicyDocument) as PolicyDocument] as const];
  });
  return new Map(attached);
}

/** @throws Error when the service may not assume the role. AWS does not create such a function or state machine either */
function checkTrust(role: string, document: PolicyDocument, { arn, service }: Principal): void {
  const rules = compilePolicy(`The trust policy of role ${role}`, 'trust', document);
  const context = service === 'states.amazonaws.com' ? serviceContext(arn) : BASE_CONTEXT;
  const call = { action: 'sts:AssumeRole', resource: '*' };
  const applying = rules.filter((rule) => rule.matchesPrincipal(service) && rule.applies(call, context));
  if (applying.length > 0 && applying.every(({ effect }) => effect === 'Allow')) return;
  throw new Error(
    `The role ${role} defined for ${arn} cannot be assumed by ${service}: let its trust policy allow that.`,
  );
}
