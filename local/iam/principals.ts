/** Evaluates the Principal element of resource policies. */
import { ACCOUNT } from '../shared/aws-names.ts';

/** The ARN of a role, or the name of an AWS service: `lambda.amazonaws.com`. */
export type PrincipalName = string;

/** The Principal element of a statement: `"*"`, or ARNs under `AWS` and names under `Service`. */
export type PrincipalElement = '*' | Readonly<Record<string, string | readonly string[]>>;

const ROLE = /^arn:aws:iam::\d{12}:role\//;
const WHOLE_ACCOUNT = [ACCOUNT, `arn:aws:iam::${ACCOUNT}:root`];

/**
 * Compiles a Principal element. A Deny for the whole account applies to all of its roles. An Allow for the whole account adds
 * nothing to their own policies.
 * @param where the statement, for the error @throws Error for principals of another kind
 */
export function compilePrincipals(
  where: string,
  effect: string,
  principals: PrincipalElement | undefined,
): (principal: PrincipalName) => boolean {
  const named = principals === '*' ? { AWS: '*' } : principals;
  const wanted = Object.entries(named ?? {}).flatMap(([kind, names]) =>
    [names].flat().map((name) => ({ kind, name })),
  );
  if (wanted.length === 0) throw new Error(`${where} has no Principal: give it a role or a service.`);
  for (const { kind, name } of wanted) {
    const known = name === '*' || ROLE.test(name) || WHOLE_ACCOUNT.includes(name);
    if (kind === 'Service' || (kind === 'AWS' && known)) continue;
    throw new Error(
      `${where} has the principal ${kind} ${name}: use a role, the account, a service or "*", which the local cloud supports.`,
    );
  }
  return (principal) =>
    wanted.some(({ kind, name }) => {
      if (name === principal || (kind === 'AWS' && name === '*')) return true;
      return effect === 'Deny' && ROLE.test(principal) && WHOLE_ACCOUNT.includes(name);
    });
}
