/** Evaluates policy conditions. Supports the operators and keys of this project's templates, and rejects others. */
import { ACCOUNT } from '../shared/aws-names.ts';
import { wildcard } from './wildcards.ts';

/** Values of condition keys for a call. */
export type Context = Readonly<Partial<Record<ConditionKey, string>>>;

const KEYS = ['aws:SecureTransport', 'aws:SourceAccount', 'aws:SourceArn', 'states:HTTPEndpoint'] as const;
type ConditionKey = (typeof KEYS)[number];

type Operator = (expected: string) => (actual: string) => boolean;

const OPERATORS: Readonly<Record<string, Operator>> = {
  ArnLike: (expected) => wildcard(expected),
  Bool: (expected) => (actual) => actual === expected.toLowerCase(),
  StringEquals: (expected) => (actual) => actual === expected,
  StringLike: (expected) => wildcard(expected),
};

/**
 * The context of every call. Loopback traffic does not leave the machine, so it counts as secure transport. Policies that
 * deny plain http then deny the same calls as on AWS.
 */
export const BASE_CONTEXT: Context = { 'aws:SecureTransport': 'true' };

/** Returns the context of a call that an AWS service makes for a resource of the account. */
export function serviceContext(sourceArn: string): Context {
  return { ...BASE_CONTEXT, 'aws:SourceAccount': ACCOUNT, 'aws:SourceArn': sourceArn };
}

/** The Condition element of a policy: `{ operator: { key: value or values } }`. */
export type Condition = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/**
 * Compiles a condition. Every key must match one of its values. A key that the call does not have never matches.
 * @param where the statement, for the error @throws Error naming an operator or key that is not supported here
 */
export function compileCondition(where: string, condition: Condition = {}): (context: Context) => boolean {
  const tests = Object.entries(condition).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([key, values]) => {
      const compile = Object.hasOwn(OPERATORS, operator) ? OPERATORS[operator] : undefined;
      const known = KEYS.find((name) => name.toLowerCase() === key.toLowerCase());
      if (!compile || !known) {
        throw new Error(
          `${where} has the condition ${operator} on ${key}: the local cloud supports ${Object.keys(OPERATORS).join(', ')} on ${KEYS.join(', ')}. Add it to local/iam/conditions.ts.`,
        );
      }
      const accepts = [values].flat().map((value) => compile(String(value)));
      return ({ [known]: actual }: Context) =>
        actual !== undefined && accepts.some((accept) => accept(actual));
    }),
  );
  return (context) => tests.every((test) => test(context));
}
