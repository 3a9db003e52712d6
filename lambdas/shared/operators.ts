/** Finds whether an IAM principal is an operator. The deployment lists the operators; by default there is none. */
import { Env } from './env.ts';

/**
 * @param owner the ARN that `ownerOf` returns
 * @param operators ARNs of users and roles, separated by spaces
 */
export function isOperator(owner: string, operators = process.env[Env.operators] ?? ''): boolean {
  return operators.split(' ').filter(Boolean).map(ownerOfArn).includes(owner);
}

/** Returns the owner of a user's or role's requests. The sessions of a role have an ARN without the role's path. */
function ownerOfArn(arn: string): string {
  return arn.replace(/^arn:([\w-]+):iam::(\d{12}):role\/(?:.*\/)?([^/]+)$/, 'arn:$1:sts::$2:assumed-role/$3');
}
