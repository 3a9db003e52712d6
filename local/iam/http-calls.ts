/** What an HTTP task of a state machine does: it calls an endpoint, with the credentials of a connection. */
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

/** EventBridge makes it, with an id of its own. */
function secretOf(connectionArn: string): string {
  const name = connectionArn.split('/')[1];
  const place = connectionArn.split(':').slice(3, 5).join(':');
  return `arn:aws:secretsmanager:${place}:secret:events!connection/${name}/00000000-0000-0000-0000-000000000000-AbCdEf`;
}
