/** IAM: decides each call by the policies of the template, and keeps which of them were needed. */

import { ADMINISTRATOR, type Credentials, type SignedRequest } from '../shared/credentials.ts';
import type { Template } from '../template/assembly.ts';
import type { Resolve } from '../template/intrinsics.ts';
import { OF_EVERY_CALL } from './conditions.ts';
import { type Denial, denied } from './refusal.ts';
import { createResourcePolicies } from './resource-policies.ts';
import { createRoleReader, type Wearer } from './roles.ts';
import { callerOf, createSession, type Session } from './sessions.ts';
import type { Call, Rule } from './statements.ts';
import { type RolePermissions, RoleUsage } from './usage.ts';

export class Iam {
  /** By the ARN of the function or the state machine. */
  readonly #wearers: ReadonlyMap<string, Session>;
  readonly #byKeyId: ReadonlyMap<string, Session>;
  readonly #usages: ReadonlyMap<string, RoleUsage>;
  readonly #rulesOfResource: (arn: string) => readonly Rule[];

  /** @throws Error for a policy, a role or a condition that is unknown here */
  constructor(template: Template, resolve: Resolve) {
    const readRole = createRoleReader(template, resolve);
    this.#rulesOfResource = createResourcePolicies(template, resolve);
    this.#wearers = new Map(
      wearersOf(template, resolve).map(({ roleArn, ...wearer }) => {
        const name = wearer.arn.split(':').at(-1) ?? '';
        return [wearer.arn, createSession(readRole(roleArn, wearer), name)];
      }),
    );
    const sessions = [...this.#wearers.values()];
    this.#byKeyId = new Map(sessions.map((session) => [session.credentials.accessKeyId, session]));
    this.#usages = new Map(sessions.map(({ role }) => [role.arn, new RoleUsage(role)]));
  }

  /** @param arn of a function or a state machine of the template */
  sessionOf(arn: string): Session {
    const session = this.#wearers.get(arn);
    if (!session) throw new Error(`${arn} has no role: it is no function or state machine of the template.`);
    return session;
  }

  /** What whoever has this key id signs with; undefined for a stranger. */
  credentialsOf(accessKeyId: string): Credentials | undefined {
    if (accessKeyId === ADMINISTRATOR.accessKeyId) return ADMINISTRATOR;
    return this.#byKeyId.get(accessKeyId)?.credentials;
  }

  /**
   * @param callsOf says what the request does: an administrator is not asked.
   * @throws Refusal also for a request that names nobody, or somebody unknown
   */
  authorizeRequest(request: SignedRequest, callsOf: () => readonly Call[]): void {
    const caller = callerOf(request, this.#byKeyId);
    if (caller) this.authorize(caller, callsOf());
  }

  /** All or nothing. @throws Refusal */
  authorize(caller: Session, calls: readonly Call[]): void {
    const decisions = calls.map((call) => ({ call, ...this.#decide(caller, call) }));
    const refused = decisions.find(({ denial }) => denial);
    if (refused?.denial) throw denied(caller.arn, refused.call, refused.denial);
    for (const { call, allowing } of decisions) this.#usages.get(caller.role.arn)?.add(call.action, allowing);
  }

  /** Whether the call would be allowed, which is no use of it. */
  allows(caller: Session, call: Call): boolean {
    return !this.#decide(caller, call).denial;
  }

  /** What each role was granted, and which of it was used since the cloud has started. */
  permissions(): RolePermissions[] {
    return [...this.#usages.values()].map((usage) => usage.summary());
  }

  #decide({ role }: Session, call: Call): { readonly denial?: Denial; readonly allowing: readonly Rule[] } {
    const applying = (rule: Rule) => rule.applies(call, { ...OF_EVERY_CALL, ...call.context });
    const ofRole = role.rules.filter(applying);
    const ofResource = this.#rulesOfResource(call.resource).filter(
      (rule) => rule.isAbout(role.arn) && applying(rule),
    );
    if (ofRole.some(isDeny)) return { denial: 'denied by the role', allowing: [] };
    if (ofResource.some(isDeny)) return { denial: 'denied by the resource', allowing: [] };
    // Within one account, the resource's word is as good as the role's.
    if (ofRole.length + ofResource.length === 0) return { denial: 'no allow', allowing: [] };
    return { allowing: ofRole };
  }
}

function isDeny({ effect }: Rule): boolean {
  return effect === 'Deny';
}

const WEARERS = [
  { type: 'AWS::Lambda::Function', role: 'Role', service: 'lambda.amazonaws.com' },
  { type: 'AWS::StepFunctions::StateMachine', role: 'RoleArn', service: 'states.amazonaws.com' },
] as const;

function wearersOf(template: Template, resolve: Resolve): (Wearer & { readonly roleArn: string })[] {
  return Object.entries(template.Resources).flatMap(([logicalId, { Type, Properties = {} }]) =>
    WEARERS.filter(({ type }) => type === Type).map(({ role, service }) => ({
      arn: String(resolve({ 'Fn::GetAtt': [logicalId, 'Arn'] })),
      service,
      roleArn: String(resolve(Properties[role])),
    })),
  );
}
