/** Whom a statement of a resource's own policy is about. */
import { ACCOUNT } from '../shared/aws-names.ts';

/** The ARN of a role, or a service of AWS: `lambda.amazonaws.com`. */
export type Principal = string;

/** Of a statement: `"*"`, or ARNs of `AWS` and names of `Service`. */
export type Principals = '*' | Readonly<Record<string, string | readonly string[]>>;

const ROLE = /^arn:aws:iam::\d{12}:role\//;
const WHOLE_ACCOUNT = [ACCOUNT, `arn:aws:iam::${ACCOUNT}:root`];

/**
 * A statement about the whole account denies all of its roles; it allows them what their own policies allow anyway.
 * @param where the statement, for the error @throws Error for principals of another kind
 */
export function compilePrincipals(
  where: string,
  effect: string,
  principals: Principals | undefined,
): (principal: Principal) => boolean {
  const named = principals === '*' ? { AWS: '*' } : principals;
  const wanted = Object.entries(named ?? {}).flatMap(([kind, names]) =>
    [names].flat().map((name) => ({ kind, name })),
  );
  if (wanted.length === 0) throw new Error(`${where} has no Principal: give it a role or a service.`);
  for (const { kind, name } of wanted) {
    const known = name === '*' || ROLE.test(name) || WHOLE_ACCOUNT.includes(name);
    if (kind === 'Service' || (kind === 'AWS' && known)) continue;
    throw new Error(
      `${where} has the principal ${kind} ${name}: the local cloud knows roles, its account, services and "*".`,
    );
  }
  return (principal) =>
    wanted.some(({ kind, name }) => {
      if (name === principal || (kind === 'AWS' && name === '*')) return true;
      return effect === 'Deny' && ROLE.test(principal) && WHOLE_ACCOUNT.includes(name);
    });
}
