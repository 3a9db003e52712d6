/** The account and region that the local cloud pretends to be, and ARNs as they would look there. */

export const REGION = 'us-east-1';
export const ACCOUNT = '000000000000';

/** `arn('sqs', 'jobs')` → `arn:aws:sqs:us-east-1:000000000000:jobs` */
export function arn(service: string, resource: string): string {
  return `arn:aws:${service}:${REGION}:${ACCOUNT}:${resource}`;
}

/** AWS labels a stream with the time it was made at; here there is one for each table, ever. */
export function streamArn(tableName: string): string {
  return arn('dynamodb', `table/${tableName}/stream/2020-01-01T00:00:00.000`);
}

/** AWS ends it with a hyphen and six letters of its own. */
export function secretArn(name: string): string {
  return arn('secretsmanager', `secret:${name}`);
}

/** The function's name in an ARN with or without a version or alias, or the name itself. */
export function functionNameOf(nameOrArn: string): string {
  return nameOrArn.startsWith('arn:') ? (nameOrArn.split(':')[6] ?? '') : (nameOrArn.split(':')[0] ?? '');
}
