/** Lists the IAM calls of an HTTP task: it calls an endpoint with the credentials of a connection. */
import type { Call } from './statements.ts';

export function httpTaskCalls(machineArn: string, endpoint: string, connectionArn: string): readonly Call[] {
  const secret = secretOf(connectionArn);
  return [
    {
      action: 'states:InvokeHTTPEndpoint',
      resource: machineArn,
      context: { 'states:HTTPEndpoint': endpoint },
    },
    { action: 'events:RetrieveConnectionCredentials', resource: connectionArn },
    { action: 'secretsmanager:DescribeSecret', resource: secret },
    { action: 'secretsmanager:GetSecretValue', resource: secret },
  ];
}

/** Returns the ARN of the secret that EventBridge creates for a connection, with a fixed id. */
function secretOf(connectionArn: string): string {
  const name = connectionArn.split('/')[1];
  const place = connectionArn.split(':').slice(3, 5).join(':');
  return `arn:aws:secretsmanager:${place}:secret:events!connection/${name}/00000000-0000-0000-0000-000000000000-AbCdEf`;
}
