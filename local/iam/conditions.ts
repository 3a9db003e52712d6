/** The conditions of policies: those operators and keys that this project's templates have, and an error for others. */
import { ACCOUNT } from '../shared/aws-names.ts';
import { wildcard } from './wildcards.ts';

/** What is known of a call besides its action and resource, by condition key. */
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
 * Of every call. What crosses the loopback interface leaves the machine as little as what TLS protects: it counts as
 * secure, so that policies which refuse plain http refuse here just what they refuse on AWS.
 */
export const OF_EVERY_CALL: Context = { 'aws:SecureTransport': 'true' };

/** Of what a service of AWS does because of one of the account's own resources. */
export function onBehalfOf(sourceArn: string): Context {
  return { ...OF_EVERY_CALL, 'aws:SourceAccount': ACCOUNT, 'aws:SourceArn': sourceArn };
}

/** `{ operator: { key: value or values } }`, as a policy has it. */
export type Condition = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/**
 * All keys must hold, each with one of its values; of a key that the call does not have, none holds.
 * @param where the statement, for the error @throws Error naming an operator or key that is unknown here
 */
export function compileCondition(where: string, condition: Condition = {}): (context: Context) => boolean {
  const tests = Object.entries(condition).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([key, values]) => {
      const compile = Object.hasOwn(OPERATORS, operator) ? OPERATORS[operator] : undefined;
      const known = KEYS.find((name) => name.toLowerCase() === key.toLowerCase());
      if (!compile || !known) {
        throw new Error(
          `${where} has the condition ${operator} on ${key}: the local cloud knows ${Object.keys(OPERATORS).join(', ')} on ${KEYS.join(', ')}. Add it to local/iam/conditions.ts.`,
        );
      }
      const accepts = [values].flat().map((value) => compile(String(value)));
      return ({ [known]: actual }: Context) =>
        actual !== undefined && accepts.some((accept) => accept(actual));
    }),
  );
  return (context) => tests.every((test) => test(context));
}
