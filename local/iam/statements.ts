/** Compiles policy documents to rules. A rule has one effect, one action pattern and one resource pattern. */
import { type Condition, type Context, compileCondition } from './conditions.ts';
import { compilePrincipals, type PrincipalElement, type PrincipalName } from './principals.ts';
import { type Matches, wildcard } from './wildcards.ts';

/** One action of a request: `dynamodb:GetItem` on an ARN, or on `*` for an action without a resource. */
export interface Call {
  readonly action: string;
  readonly resource: string;
  /** Condition keys of this call, in addition to those of every call. */
  readonly context?: Context;
}

export interface Rule {
  readonly effect: 'Allow' | 'Deny';
  /** The action pattern, as in the policy. */
  readonly action: string;
  readonly resource: string;
  applies(call: Call, context: Context): boolean;
  /** Returns whether a rule of a resource policy or a trust policy applies to this principal. */
  matchesPrincipal(principal: PrincipalName): boolean;
}

/** A role policy has no principal, a resource policy has one, and a trust policy has one and no resource. */
export type PolicyKind = 'role' | 'resource' | 'trust';

export interface PolicyDocument {
  readonly Statement: Statement | readonly Statement[];
}

interface Statement {
  readonly Effect: string;
  readonly Action?: Patterns;
  readonly NotAction?: Patterns;
  readonly Resource?: Patterns;
  readonly NotResource?: Patterns;
  readonly Principal?: PrincipalElement;
  readonly Condition?: Condition;
}
type Patterns = string | readonly string[];

interface Named {
  readonly name: string;
  readonly matches: Matches;
}

const STATEMENT_PARTS = new Set([
  'Sid',
  'Effect',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Principal',
  'Condition',
]);

/** @param where the policy, for errors @throws Error for a statement that is incomplete or not supported here */
export function compilePolicy(where: string, kind: PolicyKind, document: PolicyDocument): Rule[] {
  return [document.Statement]
    .flat()
    .flatMap((statement, index) => compileStatement(`${where}, statement ${index + 1},`, kind, statement));
}

function compileStatement(where: string, kind: PolicyKind, statement: Statement): Rule[] {
  const { Effect, Action, NotAction, Resource, NotResource, Principal, Condition } = statement;
  const unknown = Object.keys(statement).find((part) => !STATEMENT_PARTS.has(part));
  if (unknown)
    throw new Error(`${where} has a ${unknown}, which the local cloud does not support: remove it.`);
  if (Effect !== 'Allow' && Effect !== 'Deny') {
    throw new Error(`${where} has the effect ${Effect}: give it Allow or Deny.`);
  }
  const actions = patterns(where, 'Action', Action, NotAction, 'i');
  const resources = patterns(where, 'Resource', kind === 'trust' ? '*' : Resource, NotResource);
  const holds = compileCondition(where, Condition);
  const matchesPrincipal = kind === 'role' ? () => false : compilePrincipals(where, Effect, Principal);
  return actions.flatMap((action) =>
    resources.map((resource) => ({
      effect: Effect,
      action: action.name,
      resource: resource.name,
      applies: (call, context) =>
        action.matches(call.action) && resource.matches(call.resource) && holds(context),
      matchesPrincipal,
    })),
  );
}

/** Returns one matcher for each pattern, or one for everything except the excepted patterns. */
function patterns(
  where: string,
  part: 'Action' | 'Resource',
  included: Patterns | undefined,
  excepted: Patterns | undefined,
  flags: '' | 'i' = '',
): Named[] {
  const texts = [included ?? excepted ?? []].flat();
  if (texts.length === 0 || (included && excepted)) {
    throw new Error(`${where} needs either ${part} or Not${part}, with a pattern.`);
  }
  const variable = texts.find((text) => text.includes('${'));
  if (variable)
    throw new Error(
      `${where} has ${part} ${variable}: write it without variables, which the local cloud does not support.`,
    );
  const named = texts.map((name) => ({ name, matches: wildcard(name, flags) }));
  if (included) return named;
  const isExcepted: Matches = (text) => named.some(({ matches }) => matches(text));
  return [{ name: `all but ${texts.join(', ')}`, matches: (text) => !isExcepted(text) }];
}
