/** Runs IAM: authorizes each call with the policies of the template, and records which of them were used. */

import { ADMINISTRATOR, type Credentials, type SignedRequest } from '../shared/credentials.ts';
import type { Template } from '../template/assembly.ts';
import type { Resolve } from '../template/intrinsics.ts';
import { BASE_CONTEXT } from './conditions.ts';
import { type Denial, denied } from './refusal.ts';
import { createResourcePolicies } from './resource-policies.ts';
import { createRoleReader, type Principal } from './roles.ts';
import { callerOf, createSession, type Session } from './sessions.ts';
import type { Call, Rule } from './statements.ts';
import { type RolePermissions, RoleUsage } from './usage.ts';

export class Iam {
  /** Sessions by the ARN of the function or the state machine. */
  #sessions: ReadonlyMap<string, Session> = new Map();
  #byKeyId: ReadonlyMap<string, Session> = new Map();
  #usages: ReadonlyMap<string, RoleUsage> = new Map();
  #rulesOfResource: (arn: string) => readonly Rule[] = () => [];

  /** @throws Error for a policy, a role or a condition that is not supported here */
  constructor(template: Template, resolve: Resolve) {
    this.update(template, resolve);
  }

  /**
   * Replaces all policies. Credentials of a role stay valid, and get its new permissions: running functions keep them. Starts the
   * record of used permissions anew.
   * @throws Error as the constructor does; then nothing has changed
   */
  update(template: Template, resolve: Resolve): void {
    const readRole = createRoleReader(template, resolve);
    const rulesOfResource = createResourcePolicies(template, resolve);
    const sessions = principalsOf(template, resolve).map(({ roleArn, ...principal }) => {
      const name = principal.arn.split(':').at(-1) ?? '';
      const role = readRole(roleArn, principal);
      const earlier = this.#sessions.get(principal.arn);
      const session = earlier?.role.arn === role.arn ? { ...earlier, role } : createSession(role, name);
      return [principal.arn, session] as const;
    });
    this.#rulesOfResource = rulesOfResource;
    this.#sessions = new Map(sessions);
    this.#byKeyId = new Map(sessions.map(([, session]) => [session.credentials.accessKeyId, session]));
    this.#usages = new Map(sessions.map(([, { role }]) => [role.arn, new RoleUsage(role)]));
  }

  /** @param arn of a function or a state machine of the template */
  sessionOf(arn: string): Session {
    const session = this.#sessions.get(arn);
    if (!session)
      throw new Error(`${arn} has no role: give the ARN of a function or state machine of the template.`);
    return session;
  }

  /** Returns the credentials with this key id; undefined when it is unknown. */
  credentialsOf(accessKeyId: string): Credentials | undefined {
    if (accessKeyId === ADMINISTRATOR.accessKeyId) return ADMINISTRATOR;
    return this.#byKeyId.get(accessKeyId)?.credentials;
  }

  /**
   * @param callsOf returns the calls of the request; not called for an administrator, who may do everything
   * @throws Refusal also for an unsigned request, or an unknown key id
   */
  authorizeRequest(request: SignedRequest, callsOf: () => readonly Call[]): void {
    const caller = callerOf(request, this.#byKeyId);
    if (caller) this.authorize(caller, callsOf());
  }

  /** Authorizes all calls or none. @throws Refusal for the first denied call */
  authorize(caller: Session, calls: readonly Call[]): void {
    const decisions = calls.map((call) => ({ call, ...this.#decide(caller, call) }));
    const refused = decisions.find(({ denial }) => denial);
    if (refused?.denial) throw denied(caller.arn, refused.call, refused.denial);
    for (const { call, allowing } of decisions) this.#usages.get(caller.role.arn)?.add(call.action, allowing);
  }

  /** Returns whether the call would be allowed. Does not count as use of a permission. */
  allows(caller: Session, call: Call): boolean {
    return !this.#decide(caller, call).denial;
  }

  /** Returns the permissions of each role, and which of them were used since the start of the cloud. */
  permissions(): RolePermissions[] {
    return [...this.#usages.values()].map((usage) => usage.summary());
  }

  #decide({ role }: Session, call: Call): { readonly denial?: Denial; readonly allowing: readonly Rule[] } {
    const applying = (rule: Rule) => rule.applies(call, { ...BASE_CONTEXT, ...call.context });
    const ofRole = role.rules.filter(applying);
    const ofResource = this.#rulesOfResource(call.resource).filter(
      (rule) => rule.matchesPrincipal(role.arn) && applying(rule),
    );
    if (ofRole.some(isDeny)) return { denial: 'denied by the role', allowing: [] };
    if (ofResource.some(isDeny)) return { denial: 'denied by the resource', allowing: [] };
    // Within one account, an allow of the role or of the resource is enough.
    if (ofRole.length + ofResource.length === 0) return { denial: 'no allow', allowing: [] };
    return { allowing: ofRole };
  }
}

function isDeny({ effect }: Rule): boolean {
  return effect === 'Deny';
}

const PRINCIPAL_TYPES = [
  { type: 'AWS::Lambda::Function', role: 'Role', service: 'lambda.amazonaws.com' },
  { type: 'AWS::StepFunctions::StateMachine', role: 'RoleArn', service: 'states.amazonaws.com' },
] as const;

function principalsOf(template: Template, resolve: Resolve): (Principal & { readonly roleArn: string })[] {
  return Object.entries(template.Resources).flatMap(([logicalId, { Type, Properties = {} }]) =>
    PRINCIPAL_TYPES.filter(({ type }) => type === Type).map(({ role, service }) => ({
      arn: String(resolve({ 'Fn::GetAtt': [logicalId, 'Arn'] })),
      service,
      roleArn: String(resolve(Properties[role])),
    })),
  );
}
