/** Policy documents, compiled to rules: each one effect, one pattern of actions and one of resources. */
import { type Condition, type Context, compileCondition } from './conditions.ts';
import { compilePrincipals, type Principal, type Principals } from './principals.ts';
import { type Matches, wildcard } from './wildcards.ts';

/** One thing that a request does: `dynamodb:GetItem` on an ARN, or on `*` where AWS knows no resource for it. */
export interface Call {
  readonly action: string;
  readonly resource: string;
  /** What policies may ask about, beside what is so of every call. */
  readonly context?: Context;
}

export interface Rule {
  readonly effect: 'Allow' | 'Deny';
  /** The patterns, as they are written. */
  readonly action: string;
  readonly resource: string;
  applies(call: Call, context: Context): boolean;
  /** In the policy of a resource or of a role's trust: whether the rule is about this principal. */
  isAbout(principal: Principal): boolean;
}

/** A policy of a role says what the role may; one of a resource says who may; one of trust has no resource. */
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
  readonly Principal?: Principals;
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

/** @param where whose policy it is, for errors @throws Error for what a statement lacks, or is unknown here */
export function compilePolicy(where: string, kind: PolicyKind, document: PolicyDocument): Rule[] {
  return [document.Statement]
    .flat()
    .flatMap((statement, index) => compileStatement(`${where}, statement ${index + 1},`, kind, statement));
}

function compileStatement(where: string, kind: PolicyKind, statement: Statement): Rule[] {
  const { Effect, Action, NotAction, Resource, NotResource, Principal, Condition } = statement;
  const unknown = Object.keys(statement).find((part) => !STATEMENT_PARTS.has(part));
  if (unknown)
    throw new Error(`${where} has a ${unknown}, which the local cloud does not know: leave it out.`);
  if (Effect !== 'Allow' && Effect !== 'Deny') {
    throw new Error(`${where} has the effect ${Effect}: give it Allow or Deny.`);
  }
  const actions = patterns(where, 'Action', Action, NotAction, 'i');
  const resources = patterns(where, 'Resource', kind === 'trust' ? '*' : Resource, NotResource);
  const holds = compileCondition(where, Condition);
  const isAbout = kind === 'role' ? () => false : compilePrincipals(where, Effect, Principal);
  return actions.flatMap((action) =>
    resources.map((resource) => ({
      effect: Effect,
      action: action.name,
      resource: resource.name,
      applies: (call, context) =>
        action.matches(call.action) && resource.matches(call.resource) && holds(context),
      isAbout,
    })),
  );
}

/** One for each pattern, or one for all that is excepted. */
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
    throw new Error(`${where} has ${part} ${variable}: the local cloud knows no variables in policies.`);
  const named = texts.map((name) => ({ name, matches: wildcard(name, flags) }));
  if (included) return named;
  const isExcepted: Matches = (text) => named.some(({ matches }) => matches(text));
  return [{ name: `all but ${texts.join(', ')}`, matches: (text) => !isExcepted(text) }];
}
