/** Defines the account and region of the local cloud, and its ARNs. */

export const REGION = 'us-east-1';
export const ACCOUNT = '000000000000';

/** Returns an ARN: `arn('sqs', 'jobs')` → `arn:aws:sqs:us-east-1:000000000000:jobs`. */
export function arn(service: string, resource: string): string {
  return `arn:aws:${service}:${REGION}:${ACCOUNT}:${resource}`;
}

/** AWS labels a stream with its creation time. Here each table has exactly one stream. */
export function streamArn(tableName: string): string {
  return arn('dynamodb', `table/${tableName}/stream/2020-01-01T00:00:00.000`);
}

/** AWS appends a hyphen and six random letters. */
export function secretArn(name: string): string {
  return arn('secretsmanager', `secret:${name}`);
}

/** Returns the function name with its version or alias: `build:3`, or `build` without one or with `$LATEST`. */
export function qualifiedNameOf(nameOrArn: string): string {
  const parts = nameOrArn.split(':');
  const [name = '', qualifier = '$LATEST'] = nameOrArn.startsWith('arn:') ? parts.slice(6) : parts;
  return qualifier === '$LATEST' ? name : `${name}:${qualifier}`;
}

/** Returns the function name in an ARN with or without a version or alias, or the name itself. */
export function functionNameOf(nameOrArn: string): string {
  return nameOrArn.startsWith('arn:') ? (nameOrArn.split(':')[6] ?? '') : (nameOrArn.split(':')[0] ?? '');
}
